package teams

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/channels"
)

// The tests of this file send requests that Teams' clients don't make: forged and unexpected ones.

// A request that names an address that isn't one of Teams' is refused, and Parley keeps the address that it knows.
func TestForgedAddressOfTeams(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.typeAsAnn("from where Teams is")
	known, err := w.surface.org.Notes.Service(w.ctx())
	noError(t, err)
	before := w.desk.IDs()
	for _, address := range []string{
		"https://smba.trafficmanager.net:8443/emea/",
		"https://evil@smba.trafficmanager.net/emea/",
		"https://x.trafficmanager.net/emea/",
		"http://smba.trafficmanager.net/emea/",
		"https://smba.trafficmanager.net.evil.test/",
		"//evil.test/",
		"",
	} {
		status, _ := w.sendActivity(w.root, object{"type": "message", "id": "1700000000777", "text": "hi", "serviceUrl": address})
		wantEqual(t, fmt.Sprintf("status of %q", address), status, http.StatusUnauthorized)
	}

	now, err := w.surface.org.Notes.Service(w.ctx())
	noError(t, err)
	wantEqual(t, "address of Teams", now, known)
	wantList(t, "stored facts", w.desk.IDs(), before)
}

// A flood of forged tokens is refused, and makes Parley ask for keys only a few times. More about keys is tested in
// bot/teams/inbound (TestRotationAndFlood, TestKeysDown) and bot/teams/auth.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	const flood = 20
	w := newThreadWorld(t)
	w.typeAsAnn("signed with the first key")
	noError(t, w.fake.Entra.RotateKeys(true))
	for _, kind := range []teamsfake.Token{teamsfake.TokenUnknownKid, teamsfake.TokenExpired, teamsfake.TokenNone} {
		wantEqual(t, fmt.Sprintf("%s: refusals", kind), w.fake.Forger.Flood(w.ctx(), kind, flood)[http.StatusUnauthorized], flood)
	}
	if n := len(w.fake.Calls("keys")); n > 3 {
		t.Errorf("we asked for keys %d times, want at most 3", n)
	}
}

// Unless unsigned requests are allowed, a request without a signature counts as forged, and nothing of it is stored.
func TestUnsignedRequestIsForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *Options, f *teamsfake.Options) { f.Unsigned = true })
	w.desk.Open(w.channel)
	if err := w.fake.Admin.Connect(w.ctx(), w.url); err == nil {
		t.Error("Teams was connected without a signature")
	}
	wantList(t, "what is kept of forged requests", w.desk.keptKeys(t), nil)
}

// Unexpected activities are answered, and nothing of them is stored.
func TestUnexpectedActivities(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	before := w.desk.IDs()
	for _, tt := range []struct {
		name     string
		activity object
		want     int
	}{
		{name: "a kind without a meaning", activity: object{"type": "trace"}, want: http.StatusOK},
		{
			name:     "an event of a meeting",
			activity: object{"type": "event", "name": "application/vnd.microsoft.meetingStart"},
			want:     http.StatusOK,
		},
		{
			name: "an unknown change of a team",
			activity: object{
				"type":        "conversationUpdate",
				"channelData": object{"tenant": object{"id": w.fake.TenantID()}, "eventType": "teamSung"},
			},
			want: http.StatusOK,
		},
		{
			name:     "an unknown question",
			activity: object{"type": "invoke", "name": "signin/verifyState", "value": object{}},
			want:     http.StatusNotImplemented,
		},
		{
			name:     "a dialog that isn't an object",
			activity: object{"type": "invoke", "name": InvokeFetch, "value": "nonsense"},
			want:     http.StatusOK,
		},
		{
			name:     "a consent to a file, which no card of ours asks for",
			activity: object{"type": "invoke", "name": "fileConsent/invoke", "value": nil},
			want:     http.StatusNotImplemented,
		},
		{
			name:     "settings, which our manifest doesn't declare",
			activity: object{"type": "invoke", "name": "config/fetch", "value": object{}},
			want:     http.StatusNotImplemented,
		},
		{
			name: "a change of what is to Parley alone",
			activity: object{
				"type": "messageUpdate", "text": "reply: we are on it", "recipient": object{"id": w.fake.BotID(), "isTargeted": true},
			},
			want: http.StatusOK,
		},
		{
			name: "a message in a group chat, which the app isn't made for",
			activity: object{
				"type": "message", "text": "<at>Parley</at> help",
				"entities":     []object{{"type": "mention", "text": "<at>Parley</at>", "mentioned": object{"id": w.fake.BotID()}}},
				"conversation": object{"conversationType": "groupChat", "tenantId": w.fake.TenantID(), "id": "19:group@thread.v2"},
				"channelData":  object{"tenant": object{"id": w.fake.TenantID()}},
			},
			want: http.StatusOK,
		},
		{
			name:     "a change of reactions without any",
			activity: object{"type": "messageReaction", "reactionsAdded": nil, "replyToId": w.root},
			want:     http.StatusOK,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.activity["id"] = "1"
			status, _ := w.in(t).sendActivity(w.root, tt.activity)
			wantEqual(t, "status", status, tt.want)
		})
	}
	wantList(t, "stored facts", w.desk.IDs(), before)
}

// A message that lacks its place or its id can't be applied. It is stored for people to look at.
func TestMessageWithoutPlaceIsPutIntoQuarantine(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	for i, place := range []object{{"conversation": nil, "id": "1"}, {"conversation": object{}, "id": "1"}, {"id": ""}} {
		place["type"], place["text"] = "message", fmt.Sprint("hello ", i)
		status, _ := w.sendActivity(w.root, place)
		wantEqual(t, "status", status, http.StatusOK)
		w.wantFacts(unreadableFacts, i+1)
	}
	w.wantFacts(messageFacts, 0)
}

// A body that isn't an activity, or that is too long, is refused.
func TestBodiesThatAreNoActivity(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	before := w.desk.IDs()
	const tooLong = 2 << 20
	for _, tt := range []struct {
		name string
		body string
		want int
	}{
		{name: "empty", body: "", want: http.StatusBadRequest},
		{name: "null", body: "null", want: http.StatusBadRequest},
		{name: "list", body: "[]", want: http.StatusBadRequest},
		{name: "more than an object", body: `{"type":"message"} x`, want: http.StatusBadRequest},
		{
			name: "too long",
			body: `{"type":"message","text":"` + strings.Repeat("x", tooLong) + `"}`,
			want: http.StatusRequestEntityTooLarge,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, err := w.fake.Forger.SendRaw(w.ctx(), teamsfake.TokenGood, []byte(tt.body))
			noError(t, err)
			wantEqual(t, "status", status, tt.want)
		})
	}
	wantList(t, "stored facts", w.desk.IDs(), before)
}

// If an activity can't be stored, Teams gets an error, so that it sends the activity again.
func TestActivityThatIsNotStored(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error // of the desk
		want int
	}{
		{name: "no database", err: errDown, want: http.StatusInternalServerError},
		{name: "overload", err: channels.ErrOverloaded, want: http.StatusServiceUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			before := w.desk.IDs()
			w.desk.Refuse(tt.err)
			status, _ := w.sendActivity(w.root, object{"type": "message", "id": "1700000000888", "text": "hi"})
			wantEqual(t, "status", status, tt.want)
			wantList(t, "stored facts", w.desk.IDs(), before)
		})
	}
}
