#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# desc: unmodified programs of the distribution serve and connect through PV sockets, in a guest without a network
# runs: dom0
# guest: pv
# pair: ours/ours
# vcpus: 2
# needs: xen-blkfront xen-blkback pvcalls-front pvcalls-back
# memory: 512
# length: long
# time: 400

. "${0%/*}/../lib/dom0.sh"
. "${0%/*}/../lib/ktap.sh"
. "${0%/*}/../lib/distro.sh"

xenpv=/xpv/programs/xenpv
run='/xpv/xenpv run'
host=10.77.0.1	# dom0, in whose network all of it is
ports=8000-8999	# those that guests may connect to

# The guest serves at well-known ports, dom0 at those in $ports.
attach() {
	"$xenpv" sock attach g --allow-bind="$host:22,$host:80,$host:5000-6999" --allow-connect="$host:$ports" &&
		"$xenpv" sock policy g && "$xenpv" sock list g
}

listens() {
	wait_for 20 "grep -q ':$(printf %04X "$1") 00000000:0000 0A' /proc/net/tcp"
}

# make_site FOLDER: a small file, and one of many megabytes, the same everywhere
make_site() {
	echo "mkdir -p $1 && cd $1 && echo 'a small file' >small && cat /usr/lib/x86_64-linux-gnu/*.so.* | head -c 24000000 >large"
}

# nginx_config FOLDER PORT USER
nginx_config() {
	cat <<-END
		user $3;
		daemon off;
		worker_processes 2;
		pid $1/pid;
		thread_pool pool threads=4;
		events {
			worker_connections 512;
		}
		http {
			access_log off;
			client_body_temp_path $1/body;
			proxy_temp_path $1/proxy;
			fastcgi_temp_path $1/fastcgi;
			uwsgi_temp_path $1/uwsgi;
			scgi_temp_path $1/scgi;
			sendfile on;
			tcp_nopush on;
			client_max_body_size 100m;
			server {
				listen $host:$2;
				root $1/site;
				location /threads/ {
					alias $1/site/;
					sendfile off;
					aio threads=pool;
				}
				location /put/ {
					alias $1/put/;
					dav_methods PUT;
				}
			}
		}
	END
}

digest() {
	sha256sum "$1" | cut -d ' ' -f 1
}

dom0_serves() {
	rm -rf /tmp/www && sh -c "$(make_site /tmp/www/site)" && nginx_config /tmp/www 8080 root >/tmp/www/config || return 1
	service nginx nginx -e /tmp/www/error.log -c /tmp/www/config
	service redis redis-server --bind $host --port 8379 --protected-mode no --save '' --dir /tmp
	listens 8080 && listens 8379
}

guest_serves() {
	distro_run g "$(make_site /tmp/www/site) && cd .. && mkdir put && chmod 777 put && cat >config <<'END'
$(nginx_config /tmp/www 80 'nobody nogroup')
END" && distro_start g nginx "$run nginx -e /tmp/www/error.log -c /tmp/www/config" && listens 80
}

gets_small() {
	[ "$(curl -sS "http://$host/small")" = 'a small file' ] &&
		[ "$(curl -sS -o /tmp/none -w '%{http_code}' "http://$host/none")" = 404 ]
}

gets_large() {
	curl -sS -o /tmp/got "http://$host/large" && [ "$(digest /tmp/got)" = "$large" ] || return 1
	curl -sS -o /tmp/got "http://$host/threads/large" && [ "$(digest /tmp/got)" = "$large" ] || return 1
	[ "$(curl -sS -r 1000000-1999999 "http://$host/large" | digest -)" = \
		"$(tail -c +1000001 /tmp/www/site/large | head -c 1000000 | digest -)" ]
}

# curl tells on standard error how far it is.
get_300() {
	curl -Z --parallel-max 16 "$@" "http://$host/small?[1-300]" >/tmp/got 2>/tmp/curl.log || return 1
	[ "$(grep -c '^a small file$' /tmp/got)" = 300 ]
}

# Over a few connections that stay, and over new ones.
gets_many() {
	get_300 && get_300 -H 'Connection: close'
}

puts_large() {
	curl -sS -T /tmp/www/site/large "http://$host/put/large" &&
		distro_run g 'sha256sum /tmp/www/put/large; rm /tmp/www/put/large' | grep -q "^$large"
}

guest_gets() {
	distro_run g "$run curl -sS http://$host:8080/small" | grep -q 'a small file' &&
		distro_run g "$run curl -sS http://$host:8080/large | sha256sum" | grep -q "^$large"
}

guest_puts() {
	mkdir -p /tmp/www/put
	distro_run g "$run curl -sS -T /tmp/www/site/large http://$host:8080/put/large" &&
		[ "$(digest /tmp/www/put/large)" = "$large" ] && rm /tmp/www/put/large
}

python_gets() {
	distro_run g "cat >/tmp/get.py <<'END'
import concurrent.futures, hashlib, http.client

def get(number):
    connection = http.client.HTTPConnection('$host', 8080)
    connection.request('GET', '/small')
    assert connection.getresponse().read() == b'a small file\n'
    connection.request('GET', '/large')
    answer = connection.getresponse()
    assert answer.status == 200
    digest = hashlib.sha256()
    while data := answer.read(100000 + number):
        digest.update(data)
    connection.close()
    return digest.hexdigest()

with concurrent.futures.ThreadPoolExecutor(4) as threads:
    assert set(threads.map(get, range(4))) == {'$large'}
END
$run python3 /tmp/get.py" 120
}

python_serves() {
	distro_start g python "$run python3 -m http.server --bind $host --directory /tmp/www/site 5080" && listens 5080 &&
		curl -sS -o /tmp/got "http://$host:5080/large" && [ "$(digest /tmp/got)" = "$large" ]
}

# Threads for the network; a fork that writes what there is while clients go on.
redis_serves() {
	distro_start g redis "$run redis-server --bind $host --port 6379 --protected-mode no --io-threads 3 --save \"\" --dir /tmp" &&
		listens 6379 && redis-benchmark --csv -h $host -p 6379 -c 50 -n 3000 -t ping,set,get,lrange_100 &&
		redis-benchmark --csv -h $host -p 6379 -c 10 -n 20000 -P 32 -d 200 -t set,get || return 1
	redis-cli -h $host -p 6379 bgsave &&
		head -c 3000000 /tmp/www/site/large | base64 -w 0 | redis-cli -h $host -p 6379 -x set large &&
		wait_for 30 "redis-cli -h $host -p 6379 info persistence | grep -q 'rdb_bgsave_in_progress:0'" || return 1
	[ "$(redis-cli -h $host -p 6379 get large | base64 -d | digest -)" = \
		"$(head -c 3000000 /tmp/www/site/large | digest -)" ] &&
		redis-cli -h $host -p 6379 info persistence | grep -q 'rdb_last_bgsave_status:ok'
}

redis_connects() {
	distro_run g "$run redis-benchmark --csv -h $host -p 8379 -c 50 -n 3000 -t ping,set,get &&
		$run redis-benchmark --csv -h $host -p 8379 --threads 2 -c 20 -n 20000 -P 32 -t set,get &&
		$run redis-cli -h $host -p 8379 set from guest" 100 && [ "$(redis-cli -h $host -p 8379 get from)" = guest ]
}

on_guest() {
	ssh -i /tmp/ssh/key -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		-o LogLevel=ERROR "root@$host" "$@"
}

ssh_serves() {
	rm -rf /tmp/ssh && mkdir /tmp/ssh && ssh-keygen -q -t ed25519 -N '' -f /tmp/ssh/key || return 1
	distro_run g "mkdir -p /tmp/ssh && chmod 700 /tmp/ssh && ssh-keygen -q -t ed25519 -N '' -f /tmp/ssh/host || exit 1
		echo '$(cat /tmp/ssh/key.pub)' >/tmp/ssh/keys
		cat >/tmp/ssh/config <<-END
			ListenAddress $host:22
			HostKey /tmp/ssh/host
			AuthorizedKeysFile /tmp/ssh/keys
			PidFile /tmp/ssh/pid
			PasswordAuthentication no
			StrictModes no
			UsePAM no
			UseDNS no
		END" && distro_start g sshd "$run /usr/sbin/sshd -D -e -f /tmp/ssh/config" && listens 22 || return 1
	[ "$(on_guest hostname)" = guest ] &&
		head -c 8000000 /tmp/www/site/large | on_guest 'cat >/tmp/ssh/file; cat /tmp/ssh/file' | cmp -n 8000000 - /tmp/www/site/large &&
		[ "$(on_guest 'exit 7'; echo $?)" = 7 ] && on_guest -tt 'test -t 0 && echo a terminal' | grep -q 'a terminal'
}

# What the C library's interface to sockets refused, the programs would have said.
ssh_is_content() {
	distro_run g 'cat /tmp/sshd.log; ! grep -i sockopt /tmp/sshd.log'
}

iperf_serves() {
	distro_start g iperf "$run iperf3 -s -B $host -p 5201" && listens 5201 &&
		iperf3 -c $host -p 5201 -n 20M -i 0 && iperf3 -c $host -p 5201 -n 20M -i 0 -R -P 4
}

# A port that no rule allows; one that is another's.
may_not() {
	distro_run g "timeout 20 $run python3 -m http.server --bind $host 81 2>&1" | grep 'Permission denied' &&
		distro_run g "$run curl -sS http://$host/small 2>&1; [ \$? = 7 ]" &&
		distro_run g "timeout 20 $run python3 -m http.server --bind $host 6379 2>&1" | grep 'Address already in use'
}

all_end() {
	distro_run g 'for program in nginx redis-server sshd python3 iperf3; do
			kill $(pidof $program); done 2>/dev/null
		for i in $(seq 100); do
			grep -q "sockets: 0 at the backend" /sys/kernel/debug/xenbus-mt/devices && exit
			sleep 0.2
		done
		ps; exit 1' || return 1
	wait_for 10 "grep -q 'sockets: 0' /sys/kernel/debug/xenbus-mt/devices" &&
		"$xenpv" sock detach g && wait_for 15 '! ls /sys/bus/xen-backend/devices | grep -q pvcalls'
}

ktap_print_header
ktap_set_plan 19
net_bridge xpv0
ktap_test_result 'dom0 serves files and keys' dom0_serves || ktap_exit_fail_msg 'no servers'
large=$(digest /tmp/www/site/large)
ktap_test_result 'the guest is up' distro_guest g || ktap_exit_fail_msg 'no guest'
ktap_test_result 'it has sockets in dom0, for some ports' attach || ktap_exit_fail_msg 'no backend'
ktap_test_result 'nginx listens, in processes of another user' guest_serves
ktap_test_result 'curl gets a small file' gets_small
ktap_test_result 'curl gets a large file, whole and in part' gets_large
ktap_test_result 'curl gets many files at once' gets_many
ktap_test_result 'curl puts a large file' puts_large
ktap_test_result 'curl in the guest gets files' guest_gets
ktap_test_result 'curl in the guest puts a large file' guest_puts
ktap_test_result 'threads of python3 in the guest get files' python_gets
ktap_test_result 'python3 in the guest serves files' python_serves
ktap_test_result 'redis-server serves redis-benchmark while a child writes its data' redis_serves
ktap_test_result 'redis-benchmark and redis-cli in the guest' redis_connects
ktap_test_result 'sshd lets one in and runs commands' ssh_serves
ktap_test_result 'sshd found nothing wrong' ssh_is_content
ktap_test_result 'iperf3 serves' iperf_serves
ktap_test_result 'policy holds for programs' may_not
sed 's/^/# /' /sys/kernel/debug/xenbus-mt/devices
guest_run g 'cat /sys/kernel/debug/xenbus-mt/devices' | sed 's/^/# /'
ktap_test_result 'no socket outlives its program, and the device goes' all_end
ktap_finished
