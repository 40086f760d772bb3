package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"parley/store/storetest"
)

// An import that is killed in the middle, and begun again, stores nothing twice and misses nothing, in the memory of a few batches;
// all of it is taken back. The long form imports a million customers.
// Requirement R-198: Records with fields.
func TestKilledImport(t *testing.T) {
	t.Parallel()
	rows, mostMemory := int64(20_000), int64(256<<20)
	if storetest.LongForm() {
		rows = 1_000_000
	}
	path := filepath.Join(t.TempDir(), "customers.csv")
	f := must(os.Create(path))(t)
	w := bufio.NewWriter(f)
	_, _ = fmt.Fprint(w, "address,name,salesman,town\n")
	for i := range rows {
		_, _ = fmt.Fprintf(w, "c%d@shop%d.example; +4930%06d,\"Customer %d, Ltd.\",ben@acme.test,Town %d\n", i, i%977, i, i, i%300)
	}
	check(t, w.Flush())
	check(t, f.Close())

	url := storetest.Reused(t).Config().ConnString()
	pool := openPool(t, url)
	c := cli{t: t, data: t.TempDir(), env: []string{"DATABASE_URL=" + url}}
	begin := func() *exec.Cmd {
		cmd := exec.CommandContext(patient(t), executable(t), "customers", path)
		cmd.Env = append(parleyEnv(c.data), c.env...)
		cmd.Stderr = os.Stderr
		check(t, cmd.Start())
		return cmd
	}
	stored := func() (n int64) {
		check(t, pool.QueryRow(t.Context(), `SELECT coalesce(max(customers), 0) FROM customer_imports`).Scan(&n))
		return n
	}

	before := int64(0)
	for _, part := range []int64{rows / 5, rows / 2} { // killed twice
		cmd := begin()
		waitFor(t, "a part is stored", func() bool { before = stored(); return before >= part })
		check(t, cmd.Process.Kill())
		_ = cmd.Wait() // it was killed
		if n := stored(); n < part || n == rows {
			t.Fatalf("killed when %d of %d customers were stored: it shows nothing", n, rows)
		}
	}
	started := time.Now()
	cmd := begin()
	check(t, cmd.Wait())
	memory := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	t.Logf("the last %d of %d customers: %s, %d MB", rows-before, rows, time.Since(started).Round(time.Millisecond), memory>>20)
	if memory > mostMemory {
		t.Errorf("it took %d MB of memory, want at most %d", memory>>20, mostMemory>>20)
	}
	got := storetest.Row(t, pool, `SELECT count(*), count(DISTINCT name), (SELECT count(*) FROM customer_addresses), (SELECT customers FROM customer_imports)
		FROM customer_records`)
	if want := fmt.Sprintf("(%d,%d,%d,%d)", rows, rows, 2*rows, rows); got != want {
		t.Errorf("stored (records, names, addresses, counted) = %s, want %s", got, want)
	}
	c.mustRun("customers", "undo")
	if got := storetest.Row(t, pool, `SELECT count(*), (SELECT count(*) FROM customer_addresses) FROM customer_records`); got != "(0,0)" {
		t.Errorf("left after it was taken back (records, addresses) = %s", got)
	}
}
