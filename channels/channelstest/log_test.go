package channelstest

import (
	"bytes"
	"log/slog"
	"testing"
)

// A key that is given twice is found, whatever the values look like; other lines are left alone.
func TestRepeatedKey(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil)).With("account_id", 1)
	for _, tc := range []struct {
		write func()
		want  string
	}{
		{func() { log.Info("one of each", "text", `a="b" account_id=2`, "empty", "", "last", "x") }, ""},
		{func() { log.Info("twice", "text", "some words", "account_id", 2) }, "account_id"},
		{func() { log.With("account_id", 3).Info("added twice") }, "account_id"},
		{func() { b.WriteString("2026/11/21 http: a=b a=b") }, ""},
	} {
		b.Reset()
		tc.write()
		if got := repeatedKey(b.String()); got != tc.want {
			t.Errorf("%q: %q, want %q", b.String(), got, tc.want)
		}
	}
}
