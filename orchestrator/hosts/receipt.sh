# The receipt: at most once on the host itself (contract section 6). What is sent is this text without its comments,
# joined to one line (hosts/receipt.py), always the same; what differs comes as arguments behind it:
#   ID MODE SPEC CMD CAP LOGIN GENERATION
#   ID          which attempt: run and runs do CMD at most once under it, however often they are told
#   MODE        run; runs (the same, with one line for CMD's standard input on ours); ask (say what is known, and fence
#               an ID that has not begun: it can never begin any more); stop (ask, and end what still runs of it);
#               gen (only tell the folder's generation)
#   SPEC        digest of what ID stands for, kept and told for comparison
#   CMD         the command; CMD and the line of runs are written for printf %b, so that no login shell touches them
#   CAP         bytes kept of each stream
#   LOGIN       whose folder: nobody else's receipts can stand in for ours
#   GENERATION  of the folder as seen before, or -; in a folder of another one, nothing that is missing proves anything
# Answers with one line, then as many bytes of each stream as it announces:
#   orch/1 ID STATE EXIT SPEC GENERATION STDOUT STDERR STDOUT-DROPPED STDERR-DROPPED
#   STATE       done, running, lost (begun, its runner gone), fenced, stale (other generation, or put away since), refused
#               (nothing done), gen
# Files under ID: .l lock  .s spec: begun  .r result: ended  .1 .2 what was kept  .3 .4 how much more there was
#   .o .e pipes  .n the result's page, taken before the effect so that a full disk can't lose it
#   .p CMD's process, as /proc had it when it began  .k there once somebody has stopped it  .x put away
# Results of more than 60 days are put away, once a day: all that is left of one is an empty .x, so that, whatever the
# clock did, none is ever taken for not begun.
# Must run in dash, bash and busybox ash, and hold no exclamation mark, backslash or single quote (csh, fish).

here=$PWD mask=$(umask)
umask 077
id=$1 mode=$2 spec=$3 cap=$5 login=$6 generation=$7 own=- state=new ran=no code=- seen=- n1=0 n2=0 d1=0 d2=0
say() { echo "orch/1 $id $state $code $seen $own $n1 $n2 $d1 $d2"; }
nap() { sleep $1 2>/dev/null || sleep 1; }
refuse() { state=refused code=$1 seen=- n1=0 n2=0; say; exit 0; }

# The folder: not /dev/shm nor /run/user, which end with the login. Ours, no link, and private from its first moment.
place=/run/orch
[ -d $place ] && [ -w $place ] || place=/run/lock
[ -d $place ] && [ -w $place ] || refuse 97
folder=$place/orch-$login
[ -d $folder ] || mkdir $folder 2>/dev/null
[ -L $folder ] && refuse 97
cd $folder 2>/dev/null && [ -O . ] || refuse 97
command -v flock >/dev/null && command -v mkfifo >/dev/null && command -v head >/dev/null || refuse 98

# Its generation: made once, by linking a whole file to its name, so that all who come at once read the same.
if [ -s generation ]; then :
else
read -r new </proc/sys/kernel/random/uuid && echo $new >g.$$ && ln g.$$ generation 2>/dev/null
rm -f g.$$
fi
read -r own 2>/dev/null <generation || { own=-; refuse 97; }
if [ $mode = gen ]; then
state=gen
say
exit 0
fi

command=$(printf %b "$4")
if [ $mode = runs ]; then
IFS= read -r line || refuse 96
fi
stops=no
[ $mode = stop ] && stops=yes mode=ask

# CMD leads a session of its own, so that all that it starts can be found, and is noted down before it begins. It gets
# its own umask and folder back.
alone=$(command -v setsid)
begin() {
read -r is 2>/dev/null </proc/self/stat && echo "$is" >$id.p
umask $mask
cd "$here"
exec $alone /bin/sh -c "$command"
}

# What runs in the session of leader, to pids; only if one of those seen there before still does, so that the number can
# be nobody else's by now.
fields() { set -- ${1##*) }; group=$3 session=$4 since=${20}; }
members() {
now= apart=
for of in /proc/[0-9]*; do
read -r is 2>/dev/null <$of/stat && fields "$is" && [ "$session" = $leader ] || continue
now="$now ${of#/proc/}"
[ $group = $leader ] || apart="$apart ${of#/proc/}"
done
for of in $pids; do
case "$now " in *" $of "*) pids=$now; return 0;; esac
done
return 1
}
# All of them or none: a half of CMD ended would look like its end while the rest works on. Root's only root can end.
# The group is told as one, because one of it may just be starting another.
end() {
free=yes
for of in $pids; do
kill -0 $of 2>/dev/null || { [ -d /proc/$of ] && free=no; }
done
if [ $free = yes ]; then
kill -s $1 -- -$leader $apart 2>/dev/null || true
else
LC_ALL=C sudo -n /bin/sh -c "kill -s $1 -- -$leader $apart; true" </dev/null >/dev/null 2>&1 9>&-
fi
}
gone() {
if [ $state = running ]; then
flock -n 9 && state=new
else
members && return 1 || return 0
fi
}
wait_gone() {
tries=0
until gone || [ $tries = 20 ]; do
nap 0.1
tries=$((tries+1))
done
}

# One at a time for each ID. The lock goes with this shell: whoever gets it while only .s is there finds it lost.
true >>$id.l || refuse 95
exec 9>>$id.l
if [ $mode = ask ]; then
flock -n 9 || state=running
else
flock 9 || refuse 95
fi

# Stopped is only what has begun and not ended, and whose first process is by its start time still the one that began.
if [ $stops = yes ]; then
[ $state = running ] && { [ -s $id.p ] || [ -s $id.r ] || nap 0.2; }
if [ -s $id.r ]; then :
elif read -r is 2>/dev/null <$id.p && fields "$is"; then
leader=${is%% *} pids=${is%% *} began=$since
if read -r is 2>/dev/null </proc/$leader/stat && fields "$is" && [ "$since" = "$began" ] && true >$id.k; then
for signal in TERM KILL; do
members && end $signal || break
wait_gone
done
fi
fi
[ $state = running ] && wait_gone
fi

if [ $state = running ]; then :
elif [ -s $id.r ]; then state=done
elif [ -s $id.s ]; then state=lost
elif [ -e $id.x ]; then state=stale
elif [ $generation = - ] || [ $generation = $own ]; then
if [ $mode = ask ]; then
echo $spec >$id.s && echo - 0 0 0 0 >$id.n && mv $id.n $id.r || refuse 95
state=done
else
# All that the answer needs is taken before the effect; .s, written last, is the point of no return.
[ -e $id.o ] || [ -e $id.e ] && rm -f $id.o $id.e
mkfifo $id.o $id.e && true >$id.1 && true >$id.2 || refuse 95
echo ............................................................... >$id.n || refuse 95
echo $spec >$id.s || { rm -f $id.s; refuse 95; }
# Each stream's reader keeps what comes up to the cap and drains and counts the rest. It is dd, a byte at a time, because
# head holds back what it has until it ends, and busybox's reads on beyond what it was asked for.
for n in 1 2; do
pipe=$id.o more=$id.3
[ $n = 1 ] || pipe=$id.e more=$id.4
{ dd bs=1 count=$cap of=$id.$n && wc -c >$more || { true >$more; cat; }; } <$pipe >/dev/null 2>&1 9>&- &
done
# CMD gets nothing of ours: neither the lock nor the login's streams. Nor may this shell use them any more: it would tell
# that CMD was ended by a signal, to a connection that may be lost, and die of that before it has written the result.
exec 2>/dev/null
ran=yes
if [ $mode = runs ]; then
{ printf %b "$line"; echo; } 9>&- | (begin) >$id.o 2>$id.e 9>&-
else
(begin) </dev/null >$id.o 2>$id.e 9>&-
fi
code=$? tries=0
# The readers end with the streams; a child left behind may hold these open, so they are not waited for without end. But
# of a CMD that was stopped something may work on, and then it has not ended.
until [ -s $id.3 ] && [ -s $id.4 ] || [ $tries = 30 ]; do
if [ -e $id.k ]; then
nap 0.1
else
nap 0.01
tries=$((tries+1))
fi
done
n1=$(($(wc -c <$id.1))) n2=$(($(wc -c <$id.2)))
# No count though the reader went on to one: cut, by an unknown number.
[ -e $id.3 ] && { read -r d1 <$id.3 || d1=1; }
[ -e $id.4 ] && { read -r d2 <$id.4 || d2=1; }
echo $code $n1 $n2 $((d1)) $((d2)) 1<>$id.n && mv $id.n $id.r && state=done || state=lost
rm -f $id.o $id.e $id.3 $id.4 $id.p $id.k
fi
else state=stale
fi
exec 9>&-

code=- n1=0 n2=0 d1=0 d2=0
[ -s $id.s ] && read -r seen <$id.s
[ $state = done ] && read -r code n1 n2 d1 d2 <$id.r
[ $state = lost ] && [ -e $id.2 ] && n1=$(($(wc -c <$id.1))) n2=$(($(wc -c <$id.2)))
[ $state$code = done- ] && state=fenced
say
[ $n1 = 0 ] || head -c $n1 $id.1
[ $n2 = 0 ] || head -c $n2 $id.2

# After the answer, and of no concern to who waits for it.
put_away() {
find . -name "*.r" -mtime +59 | head -n 500 | while read -r old; do
old=${old%.r}
exec 9>>$old.l
flock -n 9 && mv $old.l $old.x && rm -f $old.1 $old.2 $old.3 $old.4 $old.n $old.o $old.e $old.p $old.k $old.s $old.r
done
}
last=0
[ $ran = yes ] && read -r up is </proc/uptime && up=${up%.*} || exit 0
[ -s swept ] && read -r last <swept
if [ $((up-(last))) -gt 86400 ] || [ $up -lt $last ]; then
echo $up >swept
put_away </dev/null >/dev/null 2>&1 &
fi
