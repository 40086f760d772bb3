package demo

import "testing"

// At first each customer has written one mail. Among them are a newsletter, two mails with files, one with a picture and one
// with a copy to a colleague.
func TestPrologue(t *testing.T) {
	t.Parallel()
	w, err := New(t.Context(), CompanyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	if err := w.Prologue(t.Context(), 0); err != nil {
		t.Fatal(err)
	}

	inbox := w.Mail.Inbox(HelpAddress)
	if len(inbox) != len(Personas()) {
		t.Fatalf("got %d mails, want one of each of %d customers", len(inbox), len(Personas()))
	}

	type kinds struct{ newsletters, files, pictures, copies int }
	var got kinds
	for _, m := range inbox {
		if m.ParseError != "" {
			t.Errorf("%s: %s", m.Subject, m.ParseError)
		}
		if m.Get("List-Id") != "" {
			got.newsletters++
		}
		for _, a := range m.Attachments {
			if a.Inline {
				got.pictures++
			} else {
				got.files++
			}
		}
		got.copies += len(m.Cc)
	}

	if want := (kinds{newsletters: 1, files: 2, pictures: 1, copies: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
