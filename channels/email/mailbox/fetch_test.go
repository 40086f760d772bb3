package mailbox

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// literal is a body whose size a server has announced.
type literal struct {
	io.Reader
	size int64
}

func (l literal) Size() int64 { return l.size }

// digits is a text of a given length.
func digits(size int) string { return strings.Repeat("0123456789", size/10) }

// wantRaw checks the bytes that were kept of a mail, alone and behind a line that is put before them.
func wantRaw(t *testing.T, m *fetched, want string) {
	t.Helper()
	if !m.hasRaw {
		t.Error("hasRaw = false, want true")
	}
	if string(m.raw) != want {
		t.Errorf("got %d bytes %.60q, want the %d of the mail", len(m.raw), m.raw, len(want))
	}
	for _, line := range []string{"{}\n", strings.Repeat("x", headRoom) + "\n"} {
		if got := string(m.withLine([]byte(line))); got != line+want {
			t.Errorf("payload: got %d bytes, want %d of the line and %d of the mail", len(got), len(line), len(want))
		}
	}
}

// A body that isn't larger than the limit is read whole.
func TestReadBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		body  string
		limit int64
	}{
		{name: "small", body: "hello", limit: 100},
		{name: "empty", body: "", limit: 100},
		{name: "large", body: digits(200_000), limit: 1 << 20},
		{name: "as large as the limit", body: digits(200_000), limit: 200_000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := &fetched{}
			if err := m.readRaw(literal{Reader: strings.NewReader(tt.body), size: int64(len(tt.body))}, tt.limit); err != nil {
				t.Fatal(err)
			}
			if m.truncated {
				t.Error("truncated = true, want false")
			}
			wantRaw(t, m, tt.body)
		})
	}
}

// If a body is too large, only its header is kept.
func TestReadBodyThatIsTooLarge(t *testing.T) {
	t.Parallel()
	const header = "Subject: x\r\n\r\n"
	mail := header + digits(200_000)
	m := &fetched{}
	if err := m.readRaw(literal{Reader: strings.NewReader(mail), size: int64(len(mail))}, 199_999); err != nil {
		t.Fatal(err)
	}
	if !m.truncated {
		t.Error("truncated = false, want true")
	}
	wantRaw(t, m, header)
}

// A body that ends before its announced size is an error, and none of it is kept.
func TestReadBodyThatIsCut(t *testing.T) {
	t.Parallel()
	const announced = 200_000
	for _, sent := range []int{100, 100_000} {
		m := &fetched{}
		err := m.readRaw(literal{Reader: strings.NewReader(digits(sent)), size: announced}, 1<<20)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d of %d bytes: got error %v, want %v", sent, announced, err, io.ErrUnexpectedEOF)
		}
		if m.hasRaw {
			t.Errorf("%d of %d bytes: hasRaw = true, want false", sent, announced)
		}
		if m.truncated {
			t.Errorf("%d of %d bytes: truncated = true, want false", sent, announced)
		}
	}
}
