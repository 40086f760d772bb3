package meta

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graphfake"
)

// Attending to a message shows the customer that it was read, with all before it, and that somebody is typing for 25
// seconds.
// Requirement R-240: The customer sees that somebody reads.
func TestAttend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ann.Text("one")
	last := w.ann.Text("two")
	w.takeFacts()
	noError(t, w.channel.Attend(testContext(t), channels.Party{Key: annPhone}, last))
	for _, m := range w.ann.Chat() {
		wantEqual(t, "tick of "+m.Text, m.Tick, graphfake.TickRead)
	}
	wantEqual(t, "somebody is typing", w.ann.Typing(), true)
	w.clock.advance(25 * time.Second)
	wantEqual(t, "somebody is typing 25 seconds later", w.ann.Typing(), false)
}

// Recipient turns what people type into a number with its country's code, or into a user id.
func TestRecipient(t *testing.T) {
	t.Parallel()
	c := newWorld(t).channel
	tests := []struct {
		typed string
		want  string
	}{
		{typed: "+49 170 1234567", want: "+491701234567"},
		{typed: "0049 (170) 1234567", want: "+491701234567"},
		{typed: " whatsapp:+491701234567 ", want: "+491701234567"},
		{typed: "US.13491208655302741918", want: "US.13491208655302741918"},
		{typed: "+1 212 555 2368", want: "+12125552368"},
	}
	for _, tt := range tests {
		got, err := c.Recipient(tt.typed)
		if err != nil {
			t.Errorf("Recipient(%q): %v", tt.typed, err)
			continue
		}
		if got.Key != tt.want {
			t.Errorf("Recipient(%q) = %q, want %q", tt.typed, got.Key, tt.want)
		}
	}
}

// A number whose country is unknown, one that is too short or too long, and anything else is refused.
func TestRecipientRefused(t *testing.T) {
	t.Parallel()
	c := newWorld(t).channel
	for _, typed := range []string{"0170 1234567", "+49", "+1234567890123456", "ann@customer.test", "", "+999 123456"} {
		_, err := c.Recipient(typed)
		_ = wantClass(t, fmt.Sprintf("Recipient(%q)", typed), err, channels.BadRecipient)
	}
}

// wrongFindings lists what Check found wrong, a finding a line. Findings without words, and good ones with a hint, are
// listed, too.
func wrongFindings(list []channels.Finding) string {
	var wrong []string
	for _, f := range list {
		if !f.OK {
			wrong = append(wrong, f.What+": "+f.Text)
		}
		needsHint := !f.OK
		if needsHint != (f.Hint != "") || f.Text == "" || f.What == "" {
			wrong = append(wrong, fmt.Sprintf("a finding without words or with a needless hint: %+v", f))
		}
	}
	return strings.Join(wrong, "\n")
}

// checkReadsOnly checks that Meta was asked, but not for a change.
func (w *world) checkReadsOnly(t *testing.T) {
	t.Helper()
	for _, r := range w.Requests() {
		wantEqual(t, "method of the request for "+r.Path, r.Method, http.MethodGet)
	}
}

// Check says what is wrong with the settings or at Meta, and changes nothing.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		setUp func(w *world)
		want  string // part of what is found wrong
	}{
		{
			name:  "token revoked",
			setUp: func(w *world) { w.RevokeToken(ourToken) },
			want:  "doesn't accept the access token",
		},
		{
			name:  "unknown number",
			setUp: func(w *world) { w.config[fieldPhoneID] = "999" },
			want:  "WhatsApp number: WhatsApp refuses it",
		},
		{
			name: "number of another business account",
			setUp: func(w *world) {
				w.AddNumber(graphfake.NumberConfig{WABA: "777"})
				w.AllowToken(ourToken) // for all ids
				w.config[fieldWABA] = "777"
			},
			want: "doesn't belong to this business account",
		},
		{
			name:  "unknown business account",
			setUp: func(w *world) { w.config[fieldWABA] = "778" },
			want:  "WhatsApp business account: WhatsApp refuses it",
		},
		{
			name:  "app not subscribed",
			setUp: func(w *world) { w.Unsubscribe(wabaID) },
			want:  "there is none. Nothing that customers write arrives",
		},
		{
			name:  "secret of another app",
			setUp: func(w *world) { w.config[fieldSecret] = "of another app" },
			want:  "App secret: It isn't the secret of the app",
		},
		{
			name: "token without a permission",
			setUp: func(w *world) {
				w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Scopes: []string{"whatsapp_business_messaging"}})
			},
			want: "Access token: It lacks the permission whatsapp_business_management",
		},
		{
			name: "token that ends within a day",
			setUp: func(w *world) {
				w.AllowTokenFor(ourToken, graphfake.TokenOptions{IDs: []string{phoneID, wabaID}, Expires: w.clock.now().Add(23 * time.Hour)})
			},
			want: "Access token: It ends on",
		},
		{
			name:  "no public address",
			setUp: func(w *world) { w.env.HookURL = "" },
			want:  "no public address",
		},
		{
			name: "Meta is down",
			setUp: func(w *world) {
				w.addFault(graphfake.Fault{Action: graphfake.ActionStatus, Status: 503, Times: graphfake.Forever})
			},
			want: "didn't answer",
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.setUp(w)
			if got := wrongFindings(w.newChannel().Check(testContext(t))); !strings.Contains(got, tt.want) {
				t.Errorf("found wrong %q, want %q in it", got, tt.want)
			}
			w.checkReadsOnly(t)
		})
	}
}
