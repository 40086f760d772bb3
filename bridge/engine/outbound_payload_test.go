package engine

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// A delivery's payload is stored as one flat object, whichever part of Payload a field belongs to. Deliveries in the
// database outlast an upgrade, and replicas of the version before read and write the same rows.
func TestPayloadStoredForm(t *testing.T) {
	t.Parallel()
	const stored = `{"place":{"channel":"a"},"to":"b","line":{"Text":"c"},"mark":"d","clears":"e","quote":true,"late":true,"meant":["f"],
		"copied":["h"],"span":{"from":1,"to":2},"again":3,"overtaken":true,"keeps_status":true,` +
		`"earlier":[{"attempt":4,"text":"g"}],"former":"i","before":["j"],"clicked":true,"unclear":true,` +
		`"lacks_piece":true,"reported":["k"],"waited":"2026-11-26T20:00:00Z","uncounted":8,"answers":{},
		"files":[5],
		"dated":true,"only":true,"changes":6,"sought":{"delivery":7},"fate":"h","notice":true,"aside":true,"below":9,"left":true,"erases":{},` +
		`"restored":true,"restored_at":"2026-11-26T20:00:00Z","unsure":true,"subject":true}`
	p := PayloadOf(&store.Delivery{Payload: []byte(stored)})
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Payload]()) {
		if !field.Anonymous && reflect.ValueOf(p).FieldByIndex(field.Index).IsZero() {
			t.Errorf("%s is not read", field.Name)
		}
	}

	written, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got, want map[string]json.RawMessage
	if err := json.Unmarshal(written, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(stored), &want); err != nil {
		t.Fatal(err)
	}
	for name := range want {
		if got[name] == nil {
			t.Errorf("%s is not written", name)
		}
	}
}

// noChats is an Engine without any chat.
type noChats struct{ OutboundEngine }

func (noChats) Surface(store.AccountID) bridge.Surface { return nil }

// A post that was tried long before the backup is tried for as long as a new one, counted from the restore, and then
// given up. A root is tried for longer. A post counts as restored until Parley has looked for it.
func TestRestoredPostIsTriedAnew(t *testing.T) {
	t.Parallel()
	const twentyDays = 20*24*time.Hour + time.Second/2
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	sent, later := first.AddDate(0, 0, 20), first.AddDate(0, 0, 30)
	const (
		restored       = `{"restored": true, "restored_at": "2026-11-21T12:00:00.5+00:00"}` // twentyDays after the first attempt
		restoredBefore = `{"restored": true, "restored_at": "2026-10-21T12:00:00+00:00"}`
	)
	for name, c := range map[string]struct {
		kind         bridge.PostKind
		payload      string
		state        store.DeliveryState
		wantRestored bool
		wantRetry    time.Duration
	}{
		"looked for":              {kind: bridge.PostSaid, payload: restored, state: store.Unknown, wantRestored: true, wantRetry: maxPostRetry + twentyDays},
		"made again":              {kind: bridge.PostSaid, payload: restored, state: store.Sending, wantRetry: maxPostRetry + twentyDays},
		"a root":                  {kind: bridge.PostRoot, payload: restored, state: store.Unknown, wantRestored: true, wantRetry: maxRootRetry + twentyDays},
		"tried since the restore": {kind: bridge.PostSaid, payload: restoredBefore, state: store.Sending, wantRetry: maxPostRetry},
		"not restored":            {kind: bridge.PostSaid, payload: `{}`, state: store.Unknown, wantRetry: maxPostRetry},
	} {
		d := store.Delivery{Kind: string(c.kind), State: c.state, DeliveryTimes: store.DeliveryTimes{FirstAt: &first, SentAt: &sent},
			Payload: []byte(c.payload)}
		if c.state == store.Sending { // it was absent, and is tried again now
			d.AbsentAt, d.SentAt = &sent, &later
		}
		p := (&Sender{Engine: noChats{}}).Policy(store.ClaimedDelivery{Delivery: d})
		if p.RetryFor != c.wantRetry {
			t.Errorf("%s: it is tried for %s, want %s", name, p.RetryFor, c.wantRetry)
		}
		if p.Restored != c.wantRestored {
			t.Errorf("%s: it counts as restored: %t, want %t", name, p.Restored, c.wantRestored)
		}
	}
}

// A direct message that tells what no thread does waits as long as any post, and an answer to a command only for some
// minutes. A notice that came with a backup was probably sent, and isn't repeated.
func TestRetriesOfDirectMessages(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		payload        string
		state          store.DeliveryState
		wantRetry      time.Duration
		wantBestEffort bool
	}{
		"a notice":          {payload: `{"notice": true}`, state: store.Sending, wantRetry: maxPostRetry},
		"an unclear notice": {payload: `{"notice": true}`, state: store.Unknown, wantRetry: maxPostRetry},
		"a notice from a backup": {
			payload:        `{"notice": true, "restored": true, "restored_at": "2026-11-01T12:00:00Z"}`,
			state:          store.Unknown,
			wantRetry:      maxPostRetry,
			wantBestEffort: true,
		},
		"an answer": {payload: `{}`, state: store.Sending, wantRetry: maxBestEffort, wantBestEffort: true},
	} {
		d := store.Delivery{Kind: string(bridge.PostLine), State: c.state, DeliveryTimes: store.DeliveryTimes{FirstAt: &first},
			Payload: []byte(c.payload)}
		p := (&Sender{Engine: noChats{}}).Policy(store.ClaimedDelivery{Key: ChannelLane(DirectChannel("ann")), Delivery: d})
		if p.RetryFor != c.wantRetry {
			t.Errorf("%s is tried for %s, want %s", name, p.RetryFor, c.wantRetry)
		}
		if p.BestEffort != c.wantBestEffort || p.Idempotent == c.wantBestEffort {
			t.Errorf("%s: best effort %t and sent again without a look %t, want one of them: best effort %t",
				name, p.BestEffort, p.Idempotent, c.wantBestEffort)
		}
	}
}

// Once a piece of a reply has left, the other pieces have the words and files of that one, even if the reply was edited
// meanwhile.
func TestAsBegun(t *testing.T) {
	t.Parallel()
	first, second := EarlierText{Text: "First"}, EarlierText{Text: "Second", Files: []store.FileRef{{Name: "b.txt"}}}
	edited := &store.Message{Text: "Third", MessageExtras: store.MessageExtras{Files: []store.FileRef{{Name: "c.txt"}}}}
	p := Payload{ReplyPayload: ReplyPayload{Earlier: []EarlierText{first, second}}}
	for name, c := range map[string]struct{ progress, want string }{
		"it left with the first words":    {progress: first.Mark(), want: "First c.txt"}, // an earlier version noted no files
		"it left between two edits":       {progress: second.Mark(), want: "Second b.txt"},
		"it left as it was edited":        {progress: WordsOf(edited, nil).Mark(), want: "Third c.txt"},
		"nobody knows with which it left": {progress: "?", want: "Third c.txt"},
	} {
		m := asBegun(edited, p, c.progress)
		if got := m.Text + " " + m.Files[0].Name; got != c.want {
			t.Errorf("%s: the rest has %q, want %q", name, got, c.want)
		}
	}
}
