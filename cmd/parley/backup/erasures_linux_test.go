package backup_test

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"parley/cmd/parley/backup"
	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// A new list, as of an empty data folder, gets all erasures of the database in one piece: it is written and synced once, and not once
// for each of them.
func TestErasuresAreKeptAtOnce(t *testing.T) {
	t.Parallel()
	const erasures = 20
	pool := storetest.DB(t)
	sealer := must(store.NewSealer(store.NewMasterKey()))(t)
	must(erase.LoadKey(t.Context(), pool, sealer))(t)
	exec(t, pool, `INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at, done_at)
		SELECT gen_random_uuid(), ARRAY[n], '{}', 'ann@acme.test', clock_timestamp(), clock_timestamp()
		FROM generate_series(1, $1) AS n`, erasures)
	dir := t.TempDir()
	renames := watchRenames(t, dir)
	list := backup.ErasuresIn(dir)

	for range 2 { // the second time nothing is missing
		check(t, list.Keep(t.Context(), erase.Options{Pool: pool, Sealer: sealer}))
	}
	records := must(list.Read())(t)
	if len(records) != erasures {
		t.Errorf("the list has %d erasures, want %d", len(records), erasures)
	}
	if n := renames(); n != 1 {
		t.Errorf("the list was written %d times, want once", n)
	}
}

// watchRenames returns a function that counts how often a file got a new name in a folder since this call.
func watchRenames(t *testing.T, dir string) (count func() int) {
	t.Helper()
	fd := must(unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC))(t)
	t.Cleanup(func() { _ = unix.Close(fd) })
	must(unix.InotifyAddWatch(fd, dir, unix.IN_MOVED_FROM|unix.IN_MOVED_TO))(t) // both: the kernel makes one of equal events in a row

	return func() int {
		buffer := make([]byte, 1<<16)
		n, err := unix.Read(fd, buffer)
		if errors.Is(err, unix.EAGAIN) {
			return 0
		}
		check(t, err)
		return bytes.Count(buffer[:n], []byte("erasures.jsonl\x00"))
	}
}
