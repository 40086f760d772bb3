package message

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/channels"
	"parley/channels/golden"
)

// addSamples adds the sample mails to a fuzz target. It returns those that TestHostileMails reads in a longer form.
func addSamples(f *testing.F) (long map[string]bool) {
	files, err := filepath.Glob("testdata/mail/*.eml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no sample mails: %v", err)
	}
	for _, path := range files {
		f.Add(sampleMail(f, path))
	}

	if folder := os.Getenv("PARLEY_TESTDATA"); folder != "" {
		more, err := filepath.Glob(filepath.Join(folder, "mail", "*", "*.eml"))
		noError(f, err)
		for _, path := range more {
			f.Add(sampleMail(f, path))
		}
	}
	mails := hostile{500}.all()

	long = map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(mails)) {
		f.Add([]byte(mails[name]))
		long[mails[name]] = true
	}
	f.Add([]byte(nested(40)))
	f.Add(append([]byte("From: a@b.test\nContent-Type: application/ms-tnef\n\n"), testTNEF()...))
	return long
}

// Any bytes in a mailbox give messages that can be read, stored and told apart. Decoding gives the same ones each time.
func FuzzDecode(f *testing.F) {
	long := addSamples(f)
	d, m := newTestDecoder(), newMailMeter()
	check := func(t *testing.T, payload []byte) {
		m.Check(t, len(payload), func() { Fact(payload) })
		m.Check(t, len(payload), func() {
			e, raw := SplitPayload(payload)
			d.decodeMail(e, raw)
		})
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if len(payload) > 1<<16 {
			return
		}
		check(t, payload)
		if head, body := SplitHead(payload); !long[string(payload)] {
			if many, ok := golden.Repeated(body); ok {
				check(t, slices.Concat(head, []byte("\n"), many))
			}
			if many, ok := golden.Repeated(head); ok {
				check(t, slices.Concat(many, []byte("\n"), body))
			}
		}

		e, raw := SplitPayload(payload)
		ins := d.decodeMail(e, raw) // decodeMail doesn't catch panics, Decode does
		if e.Sent && len(ins) == 0 {
			return // nobody of the team wrote it
		}
		if problem := unreadable(ins); problem != "" {
			t.Fatal(problem)
		}
		for _, in := range ins {
			checkInbound(t, in)
		}
		if again := d.decodeMail(e, raw); !reflect.DeepEqual(ins, again) {
			t.Fatalf("read again: got\n%+v, want as at first\n%+v", again, ins)
		}
		if id := Fact(raw); len(id) != factIDBytes {
			t.Fatalf("got the fact's id %q, want one of %d bytes", id, factIDBytes)
		}
	})
}

const (
	factIDBytes      = 37  // "mail:" and 32 hex digits
	maxExternalBytes = 510 // a Message-ID of 500 bytes, with # and the number of a report's recipient
)

// checkInbound checks the properties of a message on which the engine relies.
func checkInbound(t *testing.T, in channels.Inbound) {
	t.Helper()
	if id := in.ExternalID; len(id) > maxExternalBytes {
		t.Fatalf("id: got %d bytes, want at most %d: %q", len(id), maxExternalBytes, id)
	}
	if id := in.ExternalID; strings.ContainsAny(id, "\x00\n") || !utf8.ValidString(id) {
		t.Fatalf("id: got %q, want one line of UTF-8", id)
	}
	if header := in.Subject + in.From.Name + in.From.Key; strings.ContainsAny(header, "\n\r\x00") {
		t.Fatalf("got %q in the header, want neither line breaks nor NUL", header)
	}
	if (in.Kind == channels.InboundStatus) != (in.Status != nil) {
		t.Fatalf("got the kind %s with the status %v, want both or none", in.Kind, in.Status)
	}
	for _, a := range in.Attachments {
		if a.Name == "" || strings.ContainsAny(a.Name, "/\\\x00\n") {
			t.Fatalf("got a file's name %q, want one without separators", a.Name)
		}
		if !utf8.ValidString(a.Name + a.ContentType + a.ContentID) {
			t.Fatalf("got the file %q %q %q, want UTF-8", a.Name, a.ContentType, a.ContentID)
		}
	}
	for _, p := range slices.Concat(in.Envelope.To, in.Envelope.Cc, in.Envelope.ReplyTo) {
		if !strings.Contains(p.Key, "@") || p.Key != strings.ToLower(p.Key) {
			t.Fatalf("got the party %q, want an address in lower case", p.Key)
		}
	}

	safe := safeHTML(in)
	lower := strings.ToLower(safe)
	for _, bad := range []string{"<script", "<iframe", "<svg", "<form", "<style", "<object", "javascript:", " onerror=", " src=\"http"} {
		if i := strings.Index(lower, bad); i >= 0 && strings.HasPrefix(bad, "<") {
			t.Fatalf("HTML holds %s: %q", bad, safe)
		} else if i >= 0 && insideTag(lower, i) {
			t.Fatalf("HTML holds %s in a tag: %q", bad, safe)
		}
	}
}

// insideTag reports whether position i of HTML lies in a tag.
func insideTag(s string, i int) bool {
	return strings.LastIndexByte(s[:i], '<') > strings.LastIndexByte(s[:i], '>')
}

// The files of a winmail.dat are limited in number, and none is longer than the winmail.dat.
func FuzzTNEF(f *testing.F) {
	f.Add(testTNEF())
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, b []byte) {
		m.Check(t, len(b), func() { decodeTNEF(b, NewGuesser()) })
		if long, ok := golden.Repeated(b[min(len(b), 6):]); ok { // behind the signature
			long = slices.Concat(b[:6], long)
			m.Check(t, len(long), func() { decodeTNEF(long, NewGuesser()) })
		}
		if r, ok := decodeTNEF(b, NewGuesser()); ok {
			total := 0
			for _, file := range r.files {
				total += len(file.Content)
			}
			if len(r.files) > maxTNEFFiles {
				t.Fatalf("got %d files, want at most %d", len(r.files), maxTNEFFiles)
			}
			if most := len(b) * maxTNEFFiles; total > most {
				t.Fatalf("got %d bytes in all files, want at most %d: each no longer than the winmail.dat", total, most)
			}
		}
	})
}
