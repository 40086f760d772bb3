package mask

import (
	"strings"
	"testing"
)

// TestHide: what is found, and what is left alone.
func TestHide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"write to kim@example.com, please", "write to [EMAIL_1_qq], please"},
		{"kim@example.com and KIM@example.com and kim@example.com", "[EMAIL_1_qq] and [EMAIL_2_qq] and [EMAIL_1_qq]"},
		{"<a.b+c@sub.example.co.uk>.", "<[EMAIL_1_qq]>."},
		{"jürgen@müller.de", "[EMAIL_1_qq]"},
		{"wide ｋｉｍ＠ｅｘａｍｐｌｅ．ｃｏｍ!", "wide [EMAIL_1_qq]!"},
		{"kim@\u200bexample.com, kim\u200b@example.com", "[EMAIL_1_qq], [EMAIL_2_qq]"},
		{"k\u00adim@\ufeff\u2060exam\u00adple.com\u00ad.", "[EMAIL_1_qq]\u00ad."},
		{"\u200fkim@example.com\u200f", "\u200f[EMAIL_1_qq]\u200f"},
		{"ju\u0308rgen@mu\u0308ller.de", "[EMAIL_1_qq]"},
		{"not @\u200bme, nor me@\u200b", "not @\u200bme, nor me@\u200b"},
		{"call +49 170 1234567 now", "call [PHONE_1_qq] now"},
		{"call (+49) 170/123 45 67", "call [PHONE_1_qq]"},
		{"ring 0170-1234567", "ring [PHONE_1_qq]"},
		{"ring 001 555 0100 99", "ring [PHONE_1_qq]"},
		{"(555) 010-0199 or 555-010-0199", "[PHONE_1_qq] or [PHONE_2_qq]"},
		{"٠١٧٠١٢٣٤٥٦٧ يرجى", "[PHONE_1_qq] يرجى"},
		{"+4\u200b9170\u200b1234567", "[PHONE_1_qq]"},
		{"card 4111 1111 1111 1111 exp 12/27", "card [CARD_1_qq] exp 12/27"},
		{"card 4111-1111-1111-1111.", "card [CARD_1_qq]."},
		{"no card 4111 1111 1111 1112", "no card 4111 1111 1111 1112"},
		{"IBAN DE89 3704 0044 0532 0130 00 is mine", "IBAN [IBAN_1_qq] is mine"},
		{"gb29nwbk60161331926819", "[IBAN_1_qq]"},
		{"no IBAN DE88370400440532013000", "no IBAN DE88370400440532013000"},
		{"order 10023344 of 2026-11-22 costs 1.234,00 EUR", "order 10023344 of 2026-11-22 costs 1.234,00 EUR"},
		{"SO-2026-11877 and RE4711", "SO-2026-11877 and RE4711"},
		{"at 10:30, 5 pieces, 12345", "at 10:30, 5 pieces, 12345"},
		{"kim﹫example.com\t+49\u00a0170\u20111234567\r\n", "[EMAIL_1_qq]\t[PHONE_2_qq]\r\n"},
		{"", ""},
	} {
		m := newWithMark("qq")
		if got := m.Hide(c.text); got != c.want {
			t.Errorf("Hide(%q) = %q, want %q", c.text, got, c.want)
		} else if back, ok := m.Show(got); !ok || back != c.text {
			t.Errorf("Show(%q) = %q, %v, want %q", got, back, ok, c.text)
		}
	}
}

// TestHideNational: numbers of phones as people write them at home are found, whatever else is written like them. Dates, times,
// prices, and numbers that letters or a # begin stay.
func TestHideNational(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"Mi móvil es 612 345 678", "Mi móvil es [NUMBER_1_qq]"},
		{"móvil:612345678, o 612 34 56 78.", "móvil:[NUMBER_1_qq], o [NUMBER_2_qq]."},
		{"fijo 91 234 56 78 o 34 612 345 678", "fijo [NUMBER_1_qq] o 34 [NUMBER_2_qq]"},
		{"tel. 601 234 567 / tel.601-234-567", "tel. [NUMBER_1_qq] / tel.[NUMBER_2_qq]"},
		{"telemóvel 912 345 678, casa 21 123 4567", "telemóvel [NUMBER_1_qq], casa [NUMBER_2_qq]"},
		{"347 1234567, 347/1234567, (347) 1234567", "[NUMBER_1_qq], [NUMBER_2_qq], [NUMBER_3_qq]"},
		{"347 123 45 67 o 347.12.34.567", "[NUMBER_1_qq] o [NUMBER_2_qq]"},
		{"(11) 98765-4321 ou 11 3456-7890", "[NUMBER_1_qq] ou [NUMBER_2_qq]"},
		{"5551234567/5557654321,4915112345679", "[NUMBER_1_qq]/[NUMBER_2_qq],[NUMBER_3_qq]"},
		{"https://wa.me/4915112345679", "https://wa.me/[NUMBER_1_qq]"},
		{"on 20.11.2026, 20-11-2026, 2026-11-20 10:30 and 20.11.26 10:30", "on 20.11.2026, 20-11-2026, 2026-11-20 10:30 and 20.11.26 10:30"},
		{"room 250 20.11.26 or 250 20-11-26, 20261127", "room 250 20.11.26 or 250 20-11-26, 20261127"},
		{"123.456.789,00 EUR, 123456789,50", "123.456.789,00 EUR, 123456789,50"},
		{"120.000.000 COP, $ 120 000 000, 612 345 678 zł, EUR 612345678", "120.000.000 COP, $ 120 000 000, 612 345 678 zł, EUR 612345678"},
		{"12.345.678.901 and 192.168.100.200 and 192.168.10.25", "12.345.678.901 and 192.168.100.200 and 192.168.10.25"},
		{"#5551234567, SO-2026118771, RE4711123456, 4711123456A", "#5551234567, SO-2026118771, RE4711123456, 4711123456A"},
		{"order 100234567 and 305-1234567-7654321", "order 100234567 and 305-1234567-7654321"},
		{"parcel 12345678901234", "parcel 12345678901234"},
	} {
		m := newWithMark("qq")
		if got := m.Hide(c.text); got != c.want {
			t.Errorf("Hide(%q) = %q, want %q", c.text, got, c.want)
		} else if back, ok := m.Show(got); !ok || back != c.text {
			t.Errorf("Show(%q) = %q, %v, want %q", got, back, ok, c.text)
		}
	}
}

// TestForged: nobody gets another's value by writing what looks like a placeholder.
func TestForged(t *testing.T) {
	t.Parallel()
	forged := "[EMAIL_1] [EMAIL_1_aaaaaaaa] EMAIL_1_ [PHONE_1_]"
	m := New(forged, "kim@example.com")
	hidden := m.Hide("kim@example.com " + forged)
	if !strings.HasSuffix(hidden, forged) {
		t.Fatalf("the text was changed: %q", hidden)
	}
	if back, ok := m.Show(forged); !ok || back != forged {
		t.Errorf("Show(%q) = %q, %v", forged, back, ok)
	}
	if back, ok := m.Show(hidden); !ok || strings.Count(back, "kim@example.com") != 1 {
		t.Errorf("Show(%q) = %q, %v", hidden, back, ok)
	}
}

// The mark of placeholders has so many letters that hardly a text has it by chance.
func TestNewAvoids(t *testing.T) {
	t.Parallel()
	if got, want := New("a", "b").mark, 8; len(got) != want {
		t.Errorf("the mark is %q, want %d letters", got, want)
	}
}

// TestShowOdd: models write placeholders without brackets, invent and break them.
func TestShowOdd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		ok         bool
	}{
		{"to EMAIL_1_qq now", "to a@b.de now", true},
		{"to [EMAIL_1_qq", "to [a@b.de", true},
		{"to EMAIL_1_qq]", "to a@b.de]", true},
		{"to [[EMAIL_1_qq]]", "to [a@b.de]", true},
		{"to [EMAIL_2_qq]", "", false},
		{"to [EMAIL_0_qq]", "", false},
		{"to [PHONE_1_qq]", "", false},
		{"to [email_1_qq]", "", false},
		{"to [EMAIL_qq]", "", false},
	} {
		m := newWithMark("qq")
		m.Hide("a@b.de")
		if m.Count() != 1 {
			t.Fatal("nothing was hidden")
		}
		if got, ok := m.Show(c.text); ok != c.ok || ok && got != c.want {
			t.Errorf("Show(%q) = %q, %v, want %q, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// FuzzMask: what was hidden comes back byte by byte, and nothing of these kinds is left in the hidden text.
func FuzzMask(f *testing.F) {
	for _, s := range []string{
		"kim@example.com +49 170 1234567", "4111 1111 1111 1111 DE89370400440532013000", "[EMAIL_1_qq] \xff a@b",
		"0000000000 +1-(2)3.4/5 6 7 8 9",
		"a@b@c@d", "DE89 3704 0044 0532 0130 00 4111111111111111", "\u0660\u0661700000000", "x@1.0170 1234567", "555-010-0199555-010-0199",
		"612 345 678 DE89370400440532013000-5551234567,12 EUR a@b.de", "192.168.10.25 347.12.34.567 (11) 98765-4321",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := New(text)
		hidden := m.Hide(text)
		back, ok := m.Show(hidden)
		if !ok || back != text {
			t.Fatalf("%q -> %q -> %q, %v", text, hidden, back, ok)
		}
		if left := Find(m.find.ReplaceAllString(hidden, "\x00")); len(left) > 0 {
			t.Fatalf("%q -> %q: left is %+v, want none", text, hidden, left)
		}
	})
}
