package outside

import (
	"testing"
)

func TestPrologue(t *testing.T) {
	t.Parallel()
	w, err := New(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := w.Prologue(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	inbox := w.Mail.Inbox(HelpAddress)
	if len(inbox) != len(Personas()) {
		t.Fatalf("%d mails of %d customers", len(inbox), len(Personas()))
	}
	lists, files, pictures, copied := 0, 0, 0, 0
	for _, m := range inbox {
		if m.ParseError != "" {
			t.Errorf("%s: %s", m.Subject, m.ParseError)
		}
		if m.Get("List-Id") != "" {
			lists++
		}
		for _, a := range m.Attachments {
			if a.Inline {
				pictures++
			} else {
				files++
			}
		}
		copied += len(m.Cc)
	}
	if lists != 1 || files != 2 || pictures != 1 || copied != 1 {
		t.Errorf("%d newsletters, %d files, %d pictures, %d copied colleagues", lists, files, pictures, copied)
	}
}
