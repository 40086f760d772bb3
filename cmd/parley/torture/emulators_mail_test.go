package torture

import (
	"testing"

	"parley/channels/email/mailfake"
)

// Text and HTML are two forms of one text. A marker in both of them was sent once. A marker that is twice in one of them
// was sent twice.
func TestMarkersOf(t *testing.T) {
	t.Parallel()
	const marker = "outbound-c001-2"
	reply := Marker{Kind: Outbound, Conversation: 1, Number: 2}
	for _, tt := range []struct {
		name      string
		mail      mailfake.Received
		wantTimes int // how often the reply was sent
	}{
		{name: "both forms", mail: mailfake.Received{Text: marker, HTML: "<p>" + marker + "</p>"}, wantTimes: 1},
		{name: "text alone", mail: mailfake.Received{Text: marker}, wantTimes: 1},
		{name: "HTML alone", mail: mailfake.Received{Text: "see below", HTML: "<p>" + marker + "</p>"}, wantTimes: 1},
		{
			name:      "twice in the text",
			mail:      mailfake.Received{Text: marker + "\n\n" + marker, HTML: "<p>" + marker + "</p>"},
			wantTimes: 2,
		},
		{
			name:      "twice in HTML",
			mail:      mailfake.Received{Text: marker, HTML: "<p>" + marker + "</p><p>" + marker + "</p>"},
			wantTimes: 2,
		},
		{name: "also in the subject", mail: mailfake.Received{Subject: marker, Text: marker}, wantTimes: 2},
		{
			name:      "also in an attachment",
			mail:      mailfake.Received{Text: marker, Attachments: []mailfake.Attachment{{Name: "a.txt", Content: []byte(marker)}}},
			wantTimes: 2,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Count(MarkersOf(tt.mail), reply); got != tt.wantTimes {
				t.Errorf("got the reply %d times, want %d", got, tt.wantTimes)
			}
		})
	}
}
