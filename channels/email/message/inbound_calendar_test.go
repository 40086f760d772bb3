package message

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"parley/channels/golden"
)

// calendarText returns what is shown of a calendar.
func calendarText(text string) string {
	c := readCalendar(text, NewGuesser())
	return strings.Join(calendarTexts([]calendar{c}, NewReader(nil), nil), "\n\n")
}

// newCalendar returns a calendar with one event.
func newCalendar(method, event string) string {
	return strings.NewReplacer("<method>", method, "<event>", event).Replace(`BEGIN:VCALENDAR
<method>
BEGIN:VTIMEZONE
DTSTART:19700101T000000
END:VTIMEZONE
BEGIN:VEVENT
<event>
END:VEVENT
END:VCALENDAR`)
}

// An event of a calendar becomes some lines of text.
func TestCalendarText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		method string
		event  string
		want   string
	}{
		{
			name:   "invitation",
			method: "METHOD:REQUEST",
			event:  "SUMMARY:Call\nDTSTART:20261121T080000Z\nDTEND:20261121T090000Z\nLOCATION:Room\\, 1",
			want:   "**Invitation**: Call\nWhen: 2026-11-21 08:00 (UTC) – 2026-11-21 09:00 (UTC)\nWhere: Room, 1",
		},
		{name: "cancelled by the method", method: "METHOD:CANCEL", event: "SUMMARY:Call", want: "**Cancelled**: Call"},
		{name: "cancelled by the status", event: "SUMMARY:Call\nSTATUS:CANCELLED", want: "**Cancelled**: Call"},
		{
			name: "answer", method: "METHOD:REPLY", event: "SUMMARY:Call\nATTENDEE;PARTSTAT=ACCEPTED;CN=Ann:mailto:ann@x.test",
			want: "**Answer to an invitation**: Call\nAnswer: Ann: accepted",
		},
		{name: "a whole day", event: "SUMMARY:Fair\nDTSTART;VALUE=DATE:20261121", want: "**Event**: Fair\nWhen: 2026-11-21"},
		{
			name:  "a whole day whose end is the next one",
			event: "SUMMARY:Fair\nDTSTART;VALUE=DATE:20261130\nDTEND;VALUE=DATE:20261201",
			want:  "**Event**: Fair\nWhen: 2026-11-30",
		},
		{
			name:  "a whole day whose end is that day, as some programs write it",
			event: "SUMMARY:Fair\nDTEND;VALUE=DATE:20261130\nDTSTART;VALUE=DATE:20261130",
			want:  "**Event**: Fair\nWhen: 2026-11-30",
		},
		{
			name:  "several days",
			event: "SUMMARY:Fair\nDTSTART;VALUE=DATE:20261129\nDTEND;VALUE=DATE:20261201",
			want:  "**Event**: Fair\nWhen: 2026-11-29 – 2026-11-30",
		},
		{
			name:  "a task that is due on a day",
			event: "SUMMARY:Tax\nDTSTART;VALUE=DATE:20261129\nDUE;VALUE=DATE:20261201",
			want:  "**Event**: Tax\nWhen: 2026-11-29 – 2026-12-01",
		},
		{
			name:  "a task that is due, without a start",
			event: "SUMMARY:Tax\nDUE;VALUE=DATE:20261201",
			want:  "**Event**: Tax\nWhen: 2026-12-01",
		},
		{
			name:  "a duration in place of an end",
			event: "SUMMARY:Call\nDTSTART:20261121T080000Z\nBEGIN:VALARM\nDURATION:PT5M\nEND:VALARM\nDURATION:P1DT1H30M",
			want:  "**Event**: Call\nWhen: 2026-11-21 08:00 (UTC)\nDuration: 1d 1h30m",
		},
		{
			name:  "with an alarm",
			event: "SUMMARY:Call\nBEGIN:VALARM\nSUMMARY:Reminder\nBEGIN:VLOCATION\nEND:VLOCATION\nATTENDEE:x\nEND:VALARM\nLOCATION:Room 1",
			want:  "**Event**: Call\nWhere: Room 1",
		},
		{name: "a folded line", event: "SUMMARY:A lo\n ng name", want: "**Event**: A long name"},
		{name: "a time that is none, with marks of Markdown", event: "SUMMARY:x\nDTSTART:*soon*", want: "**Event**: x\nWhen: \\*soon\\*"},
		{
			name: "an answer with a comment", method: "METHOD:REPLY",
			event: "SUMMARY:Call\nATTENDEE;PARTSTAT=DECLINED;CN=Ann:mailto:ann@x.test\nCOMMENT:Only *after* 4 pm\\, or\\n> tomorrow",
			want:  "**Answer to an invitation**: Call\nAnswer: Ann: declined\nComment: Only \\*after\\* 4 pm, or\n\n> tomorrow",
		},
		{name: "a smiley as a comment", event: "COMMENT:👍", want: "**Event**\nComment: 👍"},
		{
			name: "an answer with a comment, as Google writes it", method: "METHOD:REPLY",
			event: "ATTENDEE;PARTSTAT=DECLINED;CN=Ann;X-RESPONSE-COMMENT=\"After 4 pm\":mailto:ann@x.test",
			want:  "**Answer to an invitation**\nAnswer: Ann: declined: After 4 pm",
		},
		{
			name:  "a description of several lines, with a link",
			event: "SUMMARY:Call\nDESCRIPTION:Bring the key.\\n\\nJoin: https://meet.test/1_2\nLOCATION:Room 1",
			want:  "**Event**: Call\nWhere: Room 1\nDescription: Bring the key.\n\nJoin: <https://meet.test/1_2>",
		},
		{
			name: "a description in HTML", event: "DESCRIPTION:Bring <b>the key</b>.<br>Join: <a href=\"https://meet.test/1\">here</a>",
			want: "**Event**\nDescription: Bring **the key**.\nJoin: [here](https://meet.test/1)",
		},
		{
			name:  "the same description twice",
			event: "DESCRIPTION:Bring the key.\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Moved\nDESCRIPTION:Bring the key.",
			want:  "**Event**\nDescription: Bring the key.\n\n**Event**: Moved",
		},
		{name: "every other week", event: "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", want: "**Event**\nRepeats: every 2 weeks on Mon, Wed"},
		{name: "four times", event: "RRULE:FREQ=WEEKLY;COUNT=4", want: "**Event**\nRepeats: weekly, 4 times"},
		{name: "until a day", event: "RRULE:FREQ=MONTHLY;UNTIL=20261231T230000Z;BYDAY=2TU", want: "**Event**\nRepeats: monthly, until 2026-12-31"},
		{name: "a rule that is none", event: "RRULE:*often*", want: "**Event**\nRepeats: \\*often\\*"},
		{name: "organizer", event: "ORGANIZER:mailto:ann@x.test", want: "**Event**\nOrganizer: ann@x.test"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := calendarText(newCalendar(tt.method, tt.event)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A time is shown with the name that the calendar gives its zone.
func TestCalendarTimes(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Berlin", "Own Time"} {
		got := calendarText("BEGIN:VEVENT\nDTSTART;TZID=\"" + zone + "\":20260601T1000\nEND:VEVENT\nBEGIN:VTIMEZONE\nTZID:" + zone +
			"\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n")
		wantEqual(t, "text", got, "**Event**\nWhen: 2026-06-01 10:00 ("+zone+")")
	}
}

// Words of an invitation that the mail's text has, too, are shown once.
func TestCalendarSaysNothingTwice(t *testing.T) {
	t.Parallel()
	mail := "From: a@b.test\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n" +
		"<p>Bring <b>the key</b>.</p><p>Gate 4</p>\r\n--x\r\nContent-Type: text/calendar\r\n\r\nBEGIN:VEVENT\r\nSUMMARY:Call\r\n" +
		"DESCRIPTION:Bring the key.\\n____\\nGate 4<new>\r\nEND:VEVENT\r\n--x--\r\n"
	wantEqual(t, "new words", decodeOne(t, mail).Text, "Bring **the key**.\n\nGate 4\n\n**Event**: Call\n"+
		"Description: Bring the key.\n\\____\nGate 4\\<new>")
	mail = strings.Replace(mail, "<new>\r", "\r", 1)
	wantEqual(t, "words of the mail", decodeOne(t, mail).Text, "Bring **the key**.\n\nGate 4\n\n**Event**: Call")
}

func TestCalendarWithoutEvents(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"BEGIN:VCALENDAR\nEND:VCALENDAR", ":::\n;;=\nBEGIN"} {
		if got := calendarText(text); got != "" {
			t.Errorf("calendarText(%q) = %q, want nothing", text, got)
		}
	}
}

func TestCalendarWithTooManyEvents(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range 2 * maxCalendarEvents {
		fmt.Fprintf(&many, "BEGIN:VEVENT\nSUMMARY:%d\nEND:VEVENT\n", i)
	}
	got := calendarText(many.String())
	wantEqual(t, "events that are shown", strings.Count(got, "**Event**"), maxCalendarEvents)
	wantContains(t, "text", got, "More events are in the file.")
}

// renderedTag matches a tag in rendered Markdown.
var renderedTag = regexp.MustCompile(`<(/?)([a-zA-Z0-9]+)([^>]*)>`)

// wantLinesOnly checks that Markdown is rendered with nothing but paragraphs, quotes, bold words and links.
func wantLinesOnly(t *testing.T, markdown string) {
	t.Helper()
	var rendered strings.Builder
	noError(t, goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(markdown), &rendered))
	for _, m := range renderedTag.FindAllStringSubmatch(rendered.String(), -1) {
		isEnd, name, attributes := m[1] != "", m[2], m[3]
		isLink := name == "a" && (isEnd || goodHref.MatchString(attributes))
		if !isLink && !slices.Contains([]string{"p", "br", "blockquote", "strong"}, name) {
			t.Fatalf("%q is rendered with %s, want paragraphs, quotes, bold words and links alone", markdown, m[0])
		}
	}
}

// Whatever a calendar contains, its text is rendered as mere lines.
func FuzzCalendar(f *testing.F) {
	f.Add("BEGIN:VEVENT\nSUMMARY:a\\nb *c* [d](e)\nDTSTART;TZID=\"x:y\":20261121T080000\nORGANIZER;CN=\"a:b\":mailto:x@y\nEND:VEVENT")
	f.Add("METHOD:REPLY\nBEGIN:VTODO\nATTENDEE;PARTSTAT=DECLINED:mailto:x\nRRULE:F=1\nLOCATION:# x\n - y")
	for _, s := range append(golden.Seeds(), "ATTENDEE;PARTSTAT=X:a\n", "DTSTART;TZID=x:1\n", "\n ", "A;\"", "COMMENT:a\\nb\n") {
		f.Add("BEGIN:VEVENT\n" + s)
		f.Add(s)
	}
	m := golden.NewMeter()
	f.Fuzz(func(t *testing.T, text string) {
		golden.CheckRepeated(t, m, text, func(s string) { calendarText("BEGIN:VEVENT\n" + s) })
		if !hasTags.MatchString(text) { // FuzzHTML is about the others
			wantLinesOnly(t, calendarText(DropControls(strings.ToValidUTF8(text, ""))))
		}
	})
}

// Any report can be read, and a recipient that it names is an address.
func FuzzReport(f *testing.F) {
	f.Add(
		"<a@x.test>:\nUser unknown (#5.1.1)\n\n--- Below this line is a copy",
		"Final-Recipient: rfc822; a@x.test\nAction: failed\nStatus: 5.1.1\n",
	)
	f.Add(
		"  a@x.test\n    550 5.7.1 refused",
		"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; <a@x.test>\nAction: delayed (x)\nStatus: 4.4.7 (y)\nDiagnostic-Code: smtp; 451 later",
	)
	for _, s := range append(golden.Seeds(), "<a@x.test>:\nword\n", "4 5 ", "(a@", "delivery d", "Action: failed\n\n") {
		f.Add(s, s)
	}

	m := golden.NewMeter()
	readWords := func(words string) prose { return readProse(words, []string{"b@x.test"}, NewGuesser()) }
	readFields := func(fields []byte) []report { return readStatuses([][]byte{fields}, NewGuesser()) }
	f.Fuzz(func(t *testing.T, words, fields string) {
		golden.CheckRepeated(t, m, words, func(s string) { readWords(s) })
		golden.CheckRepeated(t, m, words, func(s string) { idInText(s) })
		golden.CheckRepeated(t, m, []byte(fields), func(b []byte) { readFields(b) })

		for _, r := range slices.Concat(readWords(words).reports, readFields([]byte(fields))) {
			if r.recipient != "" && !strings.Contains(r.recipient, "@") {
				t.Fatalf("recipient: got %q, want an address", r.recipient)
			}
			if r.action == "" {
				t.Fatalf("got %+v without an action", r)
			}
			if r.replyCode() < 0 {
				t.Fatalf("got %+v with the negative code %d", r, r.replyCode())
			}
			if reason := r.explainToPeople(); strings.ContainsAny(reason, "\r\n") {
				t.Fatalf("reason: got %q, want one line", reason)
			}
		}
	})
}
