package inbound

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"parley/channels/budget"
	"parley/channels/email/rawmail"
)

// An event of a calendar becomes some lines of text.
func TestCalendarText(t *testing.T) {
	t.Parallel()
	wrap := func(method, event string) string {
		return "BEGIN:VCALENDAR\n" + method + "\nBEGIN:VTIMEZONE\nDTSTART:19700101T000000\nEND:VTIMEZONE\nBEGIN:VEVENT\n" + event + "\nEND:VEVENT\nEND:VCALENDAR"
	}
	tests := []struct{ name, in, want string }{
		{"invitation", wrap("METHOD:REQUEST", "SUMMARY:Call\nDTSTART:20261121T080000Z\nDTEND:20261121T090000Z\nLOCATION:Room\\, 1"), "**Invitation**: Call\nWhen: 2026-11-21 08:00 (UTC) – 2026-11-21 09:00 (UTC)\nWhere: Room, 1"},
		{"cancelled", wrap("METHOD:CANCEL", "SUMMARY:Call"), "**Cancelled**: Call"},
		{"status", wrap("", "SUMMARY:Call\nSTATUS:CANCELLED"), "**Cancelled**: Call"},
		{"answer", wrap("METHOD:REPLY", "SUMMARY:Call\nATTENDEE;PARTSTAT=ACCEPTED;CN=Ann:mailto:ann@x.test"), "**Answer to an invitation**: Call\nAnswer: Ann: accepted"},
		{"day", wrap("", "SUMMARY:Fair\nDTSTART;VALUE=DATE:20261121"), "**Event**: Fair\nWhen: 2026-11-21"},
		{"folded", wrap("", "SUMMARY:A lo\n ng name"), "**Event**: A long name"},
		{"odd time", wrap("", "SUMMARY:x\nDTSTART:*soon*"), "**Event**: x\nWhen: \\*soon\\*"},
		{"organizer", wrap("", "ORGANIZER:mailto:ann@x.test"), "**Event**\nOrganizer: ann@x.test"},
		{"nothing", "BEGIN:VCALENDAR\nEND:VCALENDAR", ""},
		{"garbage", ":::\n;;=\nBEGIN", ""},
	}
	for _, tt := range tests {
		if got := calendarText(tt.in, rawmail.NewGuesser()); got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
	many := strings.Repeat("BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n", 2*maxCalendarEvents)
	wantEqual(t, "events that are shown of too many", strings.Count(calendarText(many, rawmail.NewGuesser()), "**Event**"), maxCalendarEvents)
}

// renderedTag is a tag that a reader of Markdown made.
var renderedTag = regexp.MustCompile(`<(/?)([a-zA-Z0-9]+)([^>]*)>`)

var goodHref = regexp.MustCompile(`href="(http|mailto:|ftp:)`)

// FuzzCalendar: what a calendar says never becomes more than lines.
func FuzzCalendar(f *testing.F) {
	f.Add("BEGIN:VEVENT\nSUMMARY:a\\nb *c* [d](e)\nDTSTART;TZID=\"x:y\":20261121T080000\nORGANIZER;CN=\"a:b\":mailto:x@y\nEND:VEVENT")
	f.Add("METHOD:REPLY\nBEGIN:VTODO\nATTENDEE;PARTSTAT=DECLINED:mailto:x\nRRULE:F=1\nLOCATION:# x\n - y")
	for _, s := range append(budget.Seeds(), "ATTENDEE;PARTSTAT=X:a\n", "DTSTART;TZID=x:1\n", "\n ", "A;\"") {
		f.Add("BEGIN:VEVENT\n" + s)
		f.Add(s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, text string) {
		budget.CheckRepeated(t, m, text, func(s string) { calendarText("BEGIN:VEVENT\n"+s, rawmail.NewGuesser()) })
		out := calendarText(rawmail.DropControls(strings.ToValidUTF8(text, "")), rawmail.NewGuesser())
		var rendered strings.Builder
		if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(out), &rendered); err != nil {
			t.Fatal(err)
		}
		for _, m := range renderedTag.FindAllStringSubmatch(rendered.String(), -1) {
			isEnd, name, attributes := m[1] != "", m[2], m[3]
			isLink := name == "a" && (isEnd || goodHref.MatchString(attributes))
			if !isLink && !slices.Contains([]string{"p", "br", "blockquote", "strong"}, name) {
				t.Fatalf("%q became %s by %q, want paragraphs, quotes, bold words and links alone", text, m[0], out)
			}
		}
	})
}

// FuzzReport: prose and fields of reports are read without failing, and name
// recipients only.
func FuzzReport(f *testing.F) {
	f.Add("<a@x.test>:\nUser unknown (#5.1.1)\n\n--- Below this line is a copy", "Final-Recipient: rfc822; a@x.test\nAction: failed\nStatus: 5.1.1\n")
	f.Add("  a@x.test\n    550 5.7.1 refused", "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; <a@x.test>\nAction: delayed (x)\nStatus: 4.4.7 (y)\nDiagnostic-Code: smtp; 451 later")
	for _, s := range append(budget.Seeds(), "<a@x.test>:\nword\n", "4 5 ", "(a@", "delivery d", "Action: failed\n\n") {
		f.Add(s, s)
	}
	m := budget.NewMeter()
	f.Fuzz(func(t *testing.T, prose, fields string) {
		budget.CheckRepeated(t, m, prose, func(s string) { readProse(s, []string{"b@x.test"}, rawmail.NewGuesser()) })
		budget.CheckRepeated(t, m, prose, func(s string) { idInText(s) })
		budget.CheckRepeated(t, m, []byte(fields), func(b []byte) { readStatuses([][]byte{b}, rawmail.NewGuesser()) })
		for _, r := range append(readProse(prose, []string{"b@x.test"}, rawmail.NewGuesser()).reports, readStatuses([][]byte{[]byte(fields)}, rawmail.NewGuesser())...) {
			if r.recipient != "" && !strings.Contains(r.recipient, "@") {
				t.Fatalf("got the recipient %q, want an address", r.recipient)
			}
			if r.action == "" || r.replyCode() < 0 {
				t.Fatalf("got %+v, want an action and no negative code", r)
			}
			if reason := r.explainToPeople(); strings.ContainsAny(reason, "\r\n") {
				t.Fatalf("got the reason %q, want one line", reason)
			}
		}
	})
}
