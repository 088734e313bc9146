/*
 * queue.pml - the queue without a daemon, for spin.
 *
 * Three pushes by three pushers to refs that spin picks, their hooks in any
 * order; a dispatcher (quire-run) for each kick; two slots, and an operator who
 * changes maxRuns; a reconcile at any moment; one crash of any process at any
 * step. When nothing else can move, the environment checks that no slot is
 * idle while a run waits, then lets an active run end, and at the very end
 * that everything is settled.
 *
 * The names are those of quire-run(8) and of lib/store/ref.h. Every step
 * between two labels is one that the system makes indivisible: a transaction,
 * a flock, one look at a ref.
 *
 * Compiled with -DNO_LOOK_AGAIN, -DNO_CHAIN_KICK or -DNO_REFS_GEN the mechanism
 * of that name is taken out, and spin must find the fault.
 */
#ifndef PUSHES
#define PUSHES 3
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define SLOTS 2
#define REFS 2

mtype = { row_none, row_pending, row_active, row_complete, row_orphaned,
	row_superseded };

/* git: the tip of each ref; a push is known by its number, from 1 */
byte tip[REFS];
/* the database */
byte seen[REFS];
byte refs_gen;
byte next_seq = 1;
byte max_runs = 1;
byte ref_of[PUSHES + 1];
mtype state[PUSHES + 1] = row_none;
byte seq[PUSHES + 1];
/* quire-run without a slot: kicked, or about to look again */
byte kicks, looks;
bool taken[SLOTS + 1]; /* hands a slot to its process */
/* flocks */
bool slot[SLOTS + 1];
bool lock[PUSHES + 1];

bool claimed[PUSHES + 1]; /* a run is claimed once */
bool may_end[PUSHES + 1]; /* the environment lets its executor end */
byte crashes = CRASHES;
bool repaired = true; /* no crash since the last reconcile began */
byte moved; /* the last push that git has taken */
byte settled; /* pushers and operators that are done */

#define kick() kicks++
#define live(r) (state[r] == row_pending || state[r] == row_active)
/* An option beside a step: the process dies instead, what it held is free. */
#define crash(cleanup)                                            \
	atomic {                                                  \
		crashes > 0 -> crashes--; repaired = false;       \
		cleanup; goto dead                                \
	}

#define crash_of(there, gone)                                     \
	atomic {                                                  \
		crashes > 0 && there ->                           \
		crashes--; repaired = false; gone                 \
	}

/* The oldest pending run whose lock nobody holds, 0 if there is none. */
inline oldest_pending(r)
{
	r = 0;
	for (i : 1 .. PUSHES) {
		if
		:: state[i] == row_pending && !lock[i] &&
			(r == 0 || seq[i] < seq[r]) -> r = i
		:: else
		fi
	}
}

/* step 3 of the recorder, for push_ by one who found the tip found */
inline record(push_, found)
{
	if
	:: found == push_ && seen[ref_of[push_]] != push_ ->
		assert(state[push_] == row_none);
		state[push_] = row_pending;
		seq[push_] = next_seq;
		next_seq++;
		for (i : 1 .. PUSHES) {
			if
			:: i != push_ && live(i) && ref_of[i] == ref_of[push_] &&
				seq[i] < seq[push_] ->
				/* never the run of the newest tip */
				assert(tip[ref_of[push_]] != i);
				state[i] = row_superseded
			:: else
			fi
		}
		i = 0;
		seen[ref_of[push_]] = push_
	:: found != push_ && state[push_] == row_none ->
		state[push_] = row_superseded;
		seq[push_] = next_seq;
		next_seq++
	:: else /* seen already: reconcile was faster */
	fi
}

/* A push: git moves the ref, then the hook records it and kicks. Pushes are
 * numbered in the order in which git moves the refs. */
proctype pusher(byte p)
{
	byte gen, t, i;

	atomic {
		moved == p - 1 ->
		if
		:: ref_of[p] = 0
		:: p > 1 -> ref_of[p] = 1
		fi;
		tip[ref_of[p]] = p;
		moved = p
	}
again:
	if
	:: crash(skip)
	:: gen = refs_gen
	fi;
	t = tip[ref_of[p]];
	if
	:: crash(skip)
	:: atomic {
#ifndef NO_REFS_GEN
		if
		:: gen != refs_gen -> gen = 0; t = 0; goto again
		:: else
		fi;
#endif
		refs_gen++;
		record(p, t);
		gen = 0;
		t = 0
	}
	fi;
	if
	:: crash(skip)
	:: kick()
	fi;
dead:
	settled++
}

/*
 * quire-run. One without a slot carries nothing but where it stands: before
 * step 1 (just kicked), or between the release of its slot and its second
 * look. So these are counters, and only one that holds a slot is a process.
 */
inline slot_free(s)
{
	s = 0;
	for (i : 1 .. SLOTS) {
		if
		:: s == 0 && i <= max_runs && !slot[i] -> s = i
		:: else
		fi
	}
	i = 0
}

proctype slotless()
{
	byte r, i;

end:	do
	:: crash_of(kicks > 0, kicks--)
	:: atomic {
		kicks > 0 ->
		slot_free(r);
		if
		:: r == 0 -> kicks-- /* none: done */
		:: r != 0 -> kicks--; slot[r] = true; taken[r] = true; r = 0
		fi
	}
	:: crash_of(looks > 0, looks--)
	:: atomic {
		looks > 0 ->
		looks--;
#ifndef NO_LOOK_AGAIN
		oldest_pending(r);
		i = 0;
		if
		:: r != 0 -> kicks++; r = 0
		:: else
		fi
#endif
	}
	od
}

proctype dispatcher(byte mine)
{
	byte r, i;

end:
	atomic {
		taken[mine] -> taken[mine] = false
	}
claim:
	if
	:: crash(slot[mine] = false)
	:: atomic {
		if
		:: mine > max_runs ->
			slot[mine] = false;
			kicks++; /* goes back to step 1 */
			goto end
		:: else
		fi;
		oldest_pending(r);
		i = 0;
		if
		:: r == 0 -> goto queue_empty
		:: else
		fi;
		lock[r] = true;
		assert(!claimed[r]);
		claimed[r] = true;
		state[r] = row_active
	}
	fi;
#ifndef NO_CHAIN_KICK
	if
	:: crash(slot[mine] = false; lock[r] = false)
	:: atomic {
		oldest_pending(i);
		if
		:: i != 0 -> kick()
		:: else
		fi;
		i = 0
	}
	fi;
#endif
	/* it runs, until it ends or is superseded */
	if
	:: crash(slot[mine] = false; lock[r] = false)
	:: atomic {
		may_end[r] || state[r] != row_active ->
		if
		:: state[r] == row_active -> state[r] = row_complete
		:: else
		fi
	}
	fi;
	if
	:: crash(slot[mine] = false; lock[r] = false)
	:: atomic {
		lock[r] = false;
		r = 0;
		goto claim
	}
	fi;
queue_empty:
	if
	:: crash(slot[mine] = false)
	:: atomic {
		slot[mine] = false;
		looks++;
		goto end
	}
	fi;
dead:
	r = 0;
	goto end
}

inline find_orphan(r)
{
	r = 0;
	for (i : 1 .. PUSHES) {
		if
		:: r == 0 && !lock[i] && state[i] == row_active -> r = i
		:: else
		fi
	}
	i = 0
}

/* quire-reconcile: orphans by lock, drift, a kick. */
proctype reconcile()
{
	byte r, p, gen, t, i;

	repaired = true;
	/* an active row whose lock is free has lost its supervisor; both are
	 * looked at again under the lock */
orphans:
	atomic {
		find_orphan(r);
		if
		:: r == 0 -> goto drifts
		:: else -> lock[r] = true
		fi
	}
	atomic {
		if
		:: state[r] == row_active -> state[r] = row_orphaned
		:: else
		fi;
		lock[r] = false;
		goto orphans
	}
drifts:
	do
	:: p < REFS ->
		atomic {
			if
			/* what was seen is the tip: nothing to record */
			:: tip[p] == seen[p] -> p++
			:: else -> gen = refs_gen; t = tip[p]
			fi
		}
		atomic {
			if
			:: t == 0
#ifndef NO_REFS_GEN
			:: t != 0 && gen != refs_gen
#endif
			:: else ->
				refs_gen++;
				record(t, t);
				p++
			fi;
			gen = 0;
			t = 0
		}
	:: else -> break
	od;
	atomic {
		p = 0;
		oldest_pending(r);
		if
		:: r != 0 -> kick()
		:: else
		fi
	}
}

/* quire config maxRuns N, which kicks */
proctype operator()
{
	atomic {
		max_runs = 3 - max_runs;
		kick();
		settled++
	}
}

/*
 * What happens when nobody else can move: the moment to look at the whole.
 */
init {
	byte i, n_pending, n_active;

	atomic {
		if
		:: max_runs = 1
		:: max_runs = 2
		fi;
		for (i : 1 .. PUSHES) {
			run pusher(i)
		}
		i = 0;
		run operator();
		run slotless();
		run dispatcher(1);
		run dispatcher(2)
	}
	if
	:: run reconcile() /* at any moment, beside everything else */
	:: true
	fi;
quiet:
	atomic {
		timeout ->
		n_pending = 0;
		n_active = 0;
		for (i : 1 .. PUSHES) {
			if
			:: state[i] == row_pending -> n_pending++
			:: state[i] == row_active -> n_active++
			:: else
			fi
		}
		i = 0;
		if
		:: !repaired ->
			run reconcile();
			goto quiet
		:: else
		fi;
		/* no lost wake-up, no idle slot while a run waits */
		assert(n_pending == 0 || n_active >= max_runs);
		if
		:: n_active > 0 ->
			if
			:: state[1] == row_active && !may_end[1] -> may_end[1] = true
			:: state[2] == row_active && !may_end[2] -> may_end[2] = true
#if PUSHES > 2
			:: state[3] == row_active && !may_end[3] -> may_end[3] = true
#endif
			fi;
			n_pending = 0;
			n_active = 0;
			goto quiet
		:: else
		fi;
		assert(settled == PUSHES + 1);
		/* every run has ended; a tip has its run, and an older push did
		 * not supersede it; no lock is left */
		for (i : 1 .. PUSHES) {
			assert(!live(i));
			assert(!lock[i]);
			assert(tip[ref_of[i]] != i ||
				state[i] == row_complete || state[i] == row_orphaned)
		}
		for (i : 1 .. SLOTS) {
			assert(!slot[i])
		}
		i = 0
	}
}
