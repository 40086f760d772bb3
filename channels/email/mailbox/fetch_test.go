package mailbox

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// literal is a server's promise of size bytes.
type literal struct {
	io.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }

// A body is read whole, or its header alone if it is too large; one that is cut is an error.
func TestReadBody(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 20_000)
	for name, tc := range map[string]struct {
		given     string
		size      int64 // that the server announces
		limit     int64
		truncated bool
		err       error
	}{
		"small":          {given: "hello", size: 5, limit: 100},
		"empty":          {limit: 100},
		"large":          {given: text, size: 200_000, limit: 1 << 20},
		"exactly":        {given: text, size: 200_000, limit: 200_000},
		"too large":      {given: "Subject: x\r\n\r\n" + text, size: 200_014, limit: 199_999, truncated: true},
		"cut":            {given: text[:100], size: 200_000, limit: 1 << 20, err: io.ErrUnexpectedEOF},
		"cut when large": {given: text[:100_000], size: 200_000, limit: 1 << 20, err: io.ErrUnexpectedEOF},
	} {
		m := &fetched{}
		err := m.readRaw(literal{strings.NewReader(tc.given), tc.size}, tc.limit)
		if !errors.Is(err, tc.err) {
			t.Errorf("%s: got the error %v, want %v", name, err, tc.err)
		}
		if hasRaw := tc.err == nil; m.hasRaw != hasRaw || m.truncated != tc.truncated {
			t.Errorf("%s: has bytes %v and is truncated %v, want %v and %v", name, m.hasRaw, m.truncated, hasRaw, tc.truncated)
		}
		if tc.err != nil {
			continue
		}
		want := tc.given
		if tc.truncated {
			want = "Subject: x\r\n\r\n"
		}
		if string(m.raw) != want {
			t.Errorf("%s: got %d bytes %.60q, want the %d of the mail", name, len(m.raw), m.raw, len(want))
		}
		for _, line := range []string{"{}\n", strings.Repeat("x", headRoom) + "\n"} {
			if got := string(m.withLine([]byte(line))); got != line+want {
				t.Errorf("%s: got a payload of %d bytes, want %d of the line and %d of the mail", name, len(got), len(line), len(want))
			}
		}
	}
}
