package rig

import (
	"testing"
)

func TestPgbenchRate(t *testing.T) {
	t.Parallel()
	if rate, err := pgbenchRate("number of clients: 2\ntps = 1234.5 (without initial connection time)\n"); err != nil || rate != 1234.5 {
		t.Errorf("%f %v", rate, err)
	}
	for _, out := range []string{"", "tps = \n", "tps = 0 (x)", "tps = many"} {
		if _, err := pgbenchRate(out); err == nil {
			t.Errorf("%q gave a rate", out)
		}
	}
}
