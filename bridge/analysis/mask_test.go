package analysis

import (
	"strings"
	"testing"
)

// testMark replaces the random letters (the mark) that end each placeholder of a Mask.
const testMark = "qq"

// checkHidden hides a text, compares it with want, and checks that Show brings the text back.
func checkHidden(t *testing.T, text, want string) {
	t.Helper()
	m := newWithMark(testMark)
	got := m.Hide(text)
	if got != want {
		t.Fatalf("Hide(%q) = %q, want %q", text, got, want)
	}
	back, ok := m.Show(got)
	if !ok {
		t.Fatalf("Show(%q) found an unknown placeholder", got)
	}
	if back != text {
		t.Errorf("Show(%q) = %q, want %q", got, back, text)
	}
}

func TestHideEmails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want string
	}{
		{name: "in a sentence", text: "write to kim@example.com, please", want: "write to [EMAIL_1_qq], please"},
		{name: "in angle brackets", text: "<a.b+c@sub.example.co.uk>.", want: "<[EMAIL_1_qq]>."},
		{
			name: "the same one twice, and another one in capitals",
			text: "kim@example.com and KIM@example.com and kim@example.com",
			want: "[EMAIL_1_qq] and [EMAIL_2_qq] and [EMAIL_1_qq]",
		},
		{name: "umlauts", text: "jürgen@müller.de", want: "[EMAIL_1_qq]"},
		{name: "umlauts of two characters", text: "ju\u0308rgen@mu\u0308ller.de", want: "[EMAIL_1_qq]"},
		{name: "wide letters", text: "wide ｋｉｍ＠ｅｘａｍｐｌｅ．ｃｏｍ!", want: "wide [EMAIL_1_qq]!"},
		{
			name: "spaces and escapes of Markdown that aren't seen, within",
			text: "kim@\u200bexample.com, kim\u200b@example.com, kim\\_x\\@example.com",
			want: "[EMAIL_1_qq], [EMAIL_2_qq], [EMAIL_3_qq]",
		},
		{
			name: "hyphens that aren't seen, within and behind",
			text: "k\u00adim@\ufeff\u2060exam\u00adple.com\u00ad.",
			want: "[EMAIL_1_qq]\u00ad.",
		},
		{name: "marks of direction around it", text: "\u200fkim@example.com\u200f", want: "\u200f[EMAIL_1_qq]\u200f"},
		{
			name: "in a link, with its @ escaped",
			text: "see https://shop.example/unsubscribe?to=kim%40example.com&list=2",
			want: "see https:[EMAIL_1_qq]&list=2",
		},
		{name: "escapes in the address itself", text: "<mailto:kim%20lee%40example.com?subject=%40>", want: "<mailto:[EMAIL_1_qq]?subject=%40>"},
		{name: "no address before or behind the @", text: "not @\u200bme, nor me@\u200b", want: "not @\u200bme, nor me@\u200b"},
		{
			name: "spaces around the @, or a word for it",
			text: "kim @ example.com, kim(at)example.com, kim [at] mail.example.com",
			want: "[EMAIL_1_qq], [EMAIL_2_qq], [EMAIL_3_qq]",
		},
		{name: "an @ that means a place or a time", text: "meet @ noon.", want: "meet @ noon."},
		{name: "nothing", text: "", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkHidden(t, tt.text, tt.want) })
	}
}

// Phone numbers are found if they begin with a plus, a zero or an area code in brackets, or have North American groups.
func TestHidePhones(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want string
	}{
		{name: "international", text: "call +49 170 1234567 now", want: "call [PHONE_1_qq] now"},
		{name: "international, with a slash", text: "call (+49) 170/123 45 67", want: "call [PHONE_1_qq]"},
		{name: "national", text: "ring 0170-1234567", want: "ring [PHONE_1_qq]"},
		{name: "international with two zeros", text: "ring 001 555 0100 99", want: "ring [PHONE_1_qq]"},
		{name: "North American", text: "(555) 010-0199 or 555-010-0199", want: "[PHONE_1_qq] or [PHONE_2_qq]"},
		{name: "Arabic digits", text: "٠١٧٠١٢٣٤٥٦٧ يرجى", want: "[PHONE_1_qq] يرجى"},
		{
			name: "in a link, with escapes",
			text: "https://x.example/?tel=%2B49%20%28170%29%201234567&a=1",
			want: "https://x.example/?tel=[PHONE_1_qq]&a=1",
		},
		{
			name: "beside a date",
			text: "on 09.11.2026 call 0170 1234567, not 01 02 03 04 05",
			want: "on 09.11.2026 call [PHONE_1_qq], not [PHONE_2_qq]",
		},
		{name: "in groups like a date", text: "05.11.26.33.44, 05.12.20261", want: "[PHONE_1_qq], [PHONE_2_qq]"},
		{name: "partly in bold letters", text: "0170 **1234567** or **+49** 170 1234567", want: "[PHONE_1_qq]** or **[PHONE_2_qq]"},
		{name: "with other signs between", text: "0170·1234567 or 0170_1234567", want: "[PHONE_1_qq] or [PHONE_2_qq]"},
		{name: "keys of a telephone", text: "0️⃣1️⃣7️⃣0️⃣1️⃣2️⃣3️⃣4️⃣5️⃣", want: "[PHONE_1_qq]\ufe0f\u20e3"},
		{name: "spaces that aren't seen", text: "+4\u200b9170\u200b1234567", want: "[PHONE_1_qq]"},
		{
			name: "other blanks and hyphens, beside an email with a small @",
			text: "kim﹫example.com\t+49\u00a0170\u20111234567\r\n",
			want: "[EMAIL_1_qq]\t[PHONE_2_qq]\r\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkHidden(t, tt.text, tt.want) })
	}
}

// Card numbers and IBANs are found if their check digits are right.
func TestHideCardsAndAccounts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want string
	}{
		{name: "card with blanks", text: "card 4111 1111 1111 1111 exp 12/27", want: "card [CARD_1_qq] exp 12/27"},
		{name: "card with hyphens", text: "card 4111-1111-1111-1111.", want: "card [CARD_1_qq]."},
		{
			name: "card with low lines, and partly in bold letters",
			text: "4111_1111_1111_1111, 4111 **1111** 1111 1111",
			want: "[CARD_1_qq], [CARD_2_qq]",
		},
		{name: "card with a wrong check digit", text: "no card 4111 1111 1111 1112", want: "no card 4111 1111 1111 1112"},
		{name: "IBAN with blanks", text: "IBAN DE89 3704 0044 0532 0130 00 is mine", want: "IBAN [IBAN_1_qq] is mine"},
		{name: "IBAN in small letters", text: "gb29nwbk60161331926819", want: "[IBAN_1_qq]"},
		{name: "IBAN with wrong check digits", text: "no IBAN DE88370400440532013000", want: "no IBAN DE88370400440532013000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkHidden(t, tt.text, tt.want) })
	}
}

// Order numbers, dates, times and prices identify nobody, so they aren't hidden.
func TestHideLeavesOtherNumbers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"order 10023344 of 2026-11-22 costs 1.234,00 EUR",
		"SO-2026-11877 and RE4711",
		"at 10:30, 5 pieces, 12345",
		"away from 05.12.2026 to 07.12.2026, or 05/12/2026, 01-12-2026, 2026-01-05 10.30",
		"on 5.12.2026, 05.12.26 10:30, 05. 12. 2026 and 05/27/2026",
		"from 10.05.2026 to 12.06.2026 10.30, or 10.05.2026-12.06.2026",
	} {
		checkHidden(t, text, text)
	}
}

// Phone numbers without a plus or a zero are found, too. Their placeholders say NUMBER, because an order number may look the
// same.
func TestHideNationalPhones(t *testing.T) {
	t.Parallel()
	tests := []struct {
		country string
		text    string
		want    string
	}{
		{country: "Spain", text: "Mi móvil es 612 345 678", want: "Mi móvil es [NUMBER_1_qq]"},
		{country: "Spain, in other groups", text: "móvil:612345678, o 612 34 56 78.", want: "móvil:[NUMBER_1_qq], o [NUMBER_2_qq]."},
		{
			country: "Spain, at home and with its code",
			text:    "fijo 91 234 56 78 o 34 612 345 678",
			want:    "fijo [NUMBER_1_qq] o 34 [NUMBER_2_qq]",
		},
		{country: "Poland", text: "tel. 601 234 567 / tel.601-234-567", want: "tel. [NUMBER_1_qq] / tel.[NUMBER_2_qq]"},
		{country: "Portugal", text: "telemóvel 912 345 678, casa 21 123 4567", want: "telemóvel [NUMBER_1_qq], casa [NUMBER_2_qq]"},
		{country: "Italy", text: "347 1234567, 347/1234567, (347) 1234567", want: "[NUMBER_1_qq], [NUMBER_2_qq], [NUMBER_3_qq]"},
		{country: "Italy, in other groups", text: "347 123 45 67 o 347.12.34.567", want: "[NUMBER_1_qq] o [NUMBER_2_qq]"},
		{country: "Great Britain", text: "44 7700 900123 or 7700 900 123", want: "44 [NUMBER_1_qq] or [NUMBER_2_qq]"},
		{country: "Germany", text: "49 1512 3456789 oder 1512/3456789", want: "49 [NUMBER_1_qq] oder [NUMBER_2_qq]"},
		{country: "France", text: "33 6 12 34 56 78", want: "[NUMBER_1_qq]"},
		{country: "Denmark", text: "45 12 34 56 78 or 12 34 56 78", want: "[NUMBER_1_qq] or [NUMBER_2_qq]"},
		{country: "Norway", text: "912 34 567", want: "[NUMBER_1_qq]"},
		{country: "India", text: "98765 43210 or 91 98765-43210", want: "[NUMBER_1_qq] or 91 [NUMBER_2_qq]"},
		{country: "China", text: "138 1234 5678 or 138-1234-5678", want: "[NUMBER_1_qq] or [NUMBER_2_qq]"},
		{country: "Hong Kong and Singapore", text: "9123 4567 or 852 9123 4567", want: "[NUMBER_1_qq] or [NUMBER_2_qq]"},
		{country: "Russia", text: "8 800 555-35-35, 8-912-345-67-89", want: "[NUMBER_1_qq], [NUMBER_2_qq]"},
		{country: "Brazil", text: "(11) 98765-4321 ou 11 3456-7890", want: "[NUMBER_1_qq] ou [NUMBER_2_qq]"},
		{
			country: "any, side by side",
			text:    "5551234567/5557654321,4915112345679",
			want:    "[NUMBER_1_qq]/[NUMBER_2_qq],[NUMBER_3_qq]",
		},
		{country: "any, in a link", text: "https://wa.me/4915112345679", want: "https://wa.me/[NUMBER_1_qq]"},
	}
	for _, tt := range tests {
		t.Run(tt.country, func(t *testing.T) { checkHidden(t, tt.text, tt.want) })
	}
}

// Dates, times, prices and IP addresses that look like national phone numbers aren't hidden. Numbers after letters or a #,
// and those that are too short or too long, aren't either.
func TestHideLeavesWhatIsLikeNationalPhones(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"on 20.11.2026, 20-11-2026, 2026-11-20 10:30 and 20.11.26 10:30",
		"room 250 20.11.26 or 250 20-11-26, 20261127",
		"123.456.789,00 EUR, 123456789,50",
		"120.000.000 COP, $ 120 000 000, 612 345 678 zł, EUR 612345678",
		"12.345.678.901 and 192.168.100.200 and 192.168.10.25",
		"#5551234567, SO-2026118771, RE4711123456, 4711123456A",
		"order 100234567 and 305-1234567-7654321",
		"parcel 12345678901234",
		"in 2025 2026, in 2025-2026, 1000 2000 pieces, sizes 36 38 40",
	} {
		checkHidden(t, text, text)
	}
}

// A customer who writes something like a placeholder doesn't get another one's value by it: the text stays as it is.
func TestForgedPlaceholders(t *testing.T) {
	t.Parallel()
	const forged = "[EMAIL_1] [EMAIL_1_aaaaaaaa] EMAIL_1_ [PHONE_1_]"
	m := New(forged, "kim@example.com")
	hidden := m.Hide("kim@example.com " + forged)
	if !strings.HasSuffix(hidden, forged) {
		t.Fatalf("hidden as %q, want %q at its end", hidden, forged)
	}

	if back, ok := m.Show(forged); !ok || back != forged {
		t.Errorf("Show(%q) = %q, %v, want it unchanged", forged, back, ok)
	}
	back, ok := m.Show(hidden)
	if !ok {
		t.Fatalf("Show(%q) found an unknown placeholder", hidden)
	}
	if n := strings.Count(back, "kim@example.com"); n != 1 {
		t.Errorf("Show(%q) = %q, which has the address %d times, want once", hidden, back, n)
	}
}

// The mark is so long that hardly any text contains it by chance.
func TestMarkIsLong(t *testing.T) {
	t.Parallel()
	const wantLetters = 8
	if got := New("a", "b").mark; len(got) != wantLetters {
		t.Errorf("got the mark %q, want one of %d letters", got, wantLetters)
	}
}

// newHidden makes a Mask that has hidden one address, a@b.de.
func newHidden(t *testing.T) *Mask {
	t.Helper()
	m := newWithMark(testMark)
	m.Hide("a@b.de")
	if n := m.Count(); n != 1 {
		t.Fatalf("hid %d values, want one", n)
	}
	return m
}

// Models write placeholders with too few or too many brackets. Show replaces these as well.
func TestShowWithOddBrackets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want string
	}{
		{text: "to EMAIL_1_qq now", want: "to a@b.de now"},
		{text: "to [EMAIL_1_qq", want: "to [a@b.de"},
		{text: "to EMAIL_1_qq]", want: "to a@b.de]"},
		{text: "to [[EMAIL_1_qq]]", want: "to [a@b.de]"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, ok := newHidden(t).Show(tt.text)
			if !ok {
				t.Fatalf("Show(%q) found an unknown placeholder", tt.text)
			}
			if got != tt.want {
				t.Errorf("Show(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

// Models invent placeholders, and change them. Show reports such a placeholder as unknown.
func TestShowUnknownPlaceholder(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"to [EMAIL_2_qq]",
		"to [EMAIL_0_qq]",
		"to [PHONE_1_qq]",
		"to [email_1_qq]",
		"to [EMAIL_qq]",
	} {
		if got, ok := newHidden(t).Show(text); ok {
			t.Errorf("Show(%q) = %q, want that the placeholder is unknown", text, got)
		}
	}
}

// Show restores a hidden text byte by byte, and Find finds nothing in the hidden text.
func FuzzMask(f *testing.F) {
	for _, s := range []string{
		"kim@example.com +49 170 1234567",
		"4111 1111 1111 1111 DE89370400440532013000",
		"[EMAIL_1_qq] \xff a@b",
		"0000000000 +1-(2)3.4/5 6 7 8 9",
		"a@b@c@d",
		"DE89 3704 0044 0532 0130 00 4111111111111111",
		"\u0660\u0661700000000",
		"x@1.0170 1234567",
		"555-010-0199555-010-0199",
		"612 345 678 DE89370400440532013000-5551234567,12 EUR a@b.de",
		"192.168.10.25 347.12.34.567 (11) 98765-4321",
		"a%40b%40c@d %2B49%20170%201234567 a%20b@c.de%40e 4111%201111%201111%201111",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := New(text)
		hidden := m.Hide(text)
		back, ok := m.Show(hidden)
		if !ok || back != text {
			t.Fatalf("Hide(%q) = %q, which Show made %q, %v", text, hidden, back, ok)
		}
		if left := Find(m.placeholder.ReplaceAllString(hidden, "\x00")); len(left) > 0 {
			t.Fatalf("Hide(%q) = %q: left is %+v, want none", text, hidden, left)
		}
	})
}
