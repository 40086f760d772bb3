// Package delivery brings events, interactions and commands to the app, by Socket Mode or by signed requests, and tells
// what became of them.
package delivery

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"parley/bot/slack/slackfake/workspace"
	"parley/channels/emulator"
)

// Here an event ("ann posted a message") becomes a delivery to the app, by Socket Mode or by an HTTP request.
// The app has to acknowledge it within three seconds. Otherwise it is delivered again, up to three times, and
// then counts as lost. Tests can delay, repeat, reorder or lose events by faults.

// Events delivers events, interactions and commands to the app. It retries what isn't acknowledged, and records
// what was lost or late. The lock, workspace.Ground.Mu, guards it.
type Events struct {
	*workspace.Ground
	grant    *workspace.Grant
	sched    *workspace.Schedule
	Sockets  *Sockets
	Webhooks *Webhooks
	faults   *emulator.FaultPlan

	pending        map[string]*delivery // sent by Socket Mode and not acknowledged, by envelope id
	held           []*delivery          // held back by a reorder fault until a later one was sent
	retries        map[*delivery]bool   // those that wait for their next attempt
	lost           []LostEvent
	unacknowledged map[string]SlowEvent // events without an acknowledgement, by id
	slow           []SlowEvent          // those that were acknowledged late
}

// New makes Events, with the Sockets and Webhooks by which it delivers.
func New(g *workspace.Ground, grant *workspace.Grant, sched *workspace.Schedule, faults *emulator.FaultPlan) *Events {
	s := &Events{Ground: g, grant: grant, sched: sched, faults: faults}
	s.Sockets = &Sockets{Ground: g, events: s, sched: sched, tickets: map[string]bool{}}
	s.Webhooks = &Webhooks{Ground: g, events: s, client: newClient()}
	return s
}

// Reset forgets all deliveries. The caller holds the lock.
func (s *Events) Reset() {
	s.pending, s.unacknowledged = map[string]*delivery{}, map[string]SlowEvent{}
	s.held, s.retries = nil, map[*delivery]bool{}
	s.lost, s.slow = nil, nil
	s.Sockets.parked = nil
	s.Webhooks.lanes = map[string][]*delivery{}
}

// delivery is one payload on its way to the app. The lock guards the fields that change.
type delivery struct {
	kind     string // events_api, slash_commands, interactive
	name     string // event name or interaction type, for faults
	key      string // deliveries of one key keep their order in HTTP mode
	id       string // event id
	payload  json.RawMessage
	form     map[string]string // of a slash command in HTTP mode
	attempt  int               // 0 for the first
	reason   string            // why the last attempt failed; Slack tells the app
	target   string            // HTTP address
	envelope string            // Socket Mode: of the current attempt
	conn     *socket           // Socket Mode: that carries the current attempt
	cut      bool              // fault: drop the socket before the ack
	answer   chan Answer       // interactions and commands; buffered
}

// isCut reports whether the socket is dropped before this attempt is acknowledged: only the first one is.
func (d *delivery) isCut() bool { return d.cut && d.attempt == 0 }

// Answer is what the app answered to an interaction or command, or why it didn't.
type Answer struct {
	Body json.RawMessage // nil when empty
	Err  string          // "" if it answered in time; else operation_timeout, http_404, …
}

// Question is an interaction or a command, to which the app answers.
type Question struct {
	Name    string // interaction type, or the command
	Payload json.RawMessage
	Form    map[string]string // of a command
}

// Ask delivers q; the app's answer comes on the channel. Caller holds the lock.
func (s *Events) Ask(q Question) <-chan Answer {
	d := &delivery{kind: "interactive", name: q.Name, id: s.NewID("In"), payload: q.Payload, form: q.Form, answer: make(chan Answer, 1)}
	if q.Form != nil {
		d.kind = "slash_commands"
	}
	if s.grant.Revoked {
		d.passAnswer(Answer{Err: "app_uninstalled"})
	} else {
		s.send(d)
	}
	s.Note(workspace.Change{Kind: "interaction", ID: d.name})
	return d.answer
}

// Interrupt ends what waits for the app's answer. Caller holds the lock.
func (s *Events) Interrupt() {
	for _, d := range s.underWay() {
		if d.answer != nil {
			d.passAnswer(Answer{Err: "reset"})
		}
	}
}

// passAnswer hands the app's answer to the one who waits for it. A second answer, or one after a reset, is
// dropped.
func (d *delivery) passAnswer(r Answer) {
	select {
	case d.answer <- r:
	default:
	}
}

// LostEvent is an event that Slack gave up on.
type LostEvent struct {
	EventID string          `json:"event_id"`
	Name    string          `json:"name"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
}

// Lost lists events that were never acknowledged, or lost by a fault.
func (s *Events) Lost() []LostEvent {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return slices.Clone(s.lost)
}

// eventScope names the scope that an event needs; "" means none.
func eventScope(name string, ch *workspace.Channel) string {
	switch name {
	case "message.channels":
		return "channels:history"
	case "message.groups":
		return "groups:history"
	case "message.im":
		return "im:history"
	case "app_mention":
		return "app_mentions:read"
	case "reaction_added", "reaction_removed":
		return "reactions:read"
	case "user_change", "team_join":
		return "users:read"
	case "file_shared":
		return "files:read"
	case "member_joined_channel", "member_left_channel":
		return ch.Scope("read")
	case "channel_created", "channel_archive", "channel_unarchive", "channel_rename", "channel_deleted", "channel_left", "channel_id_changed":
		return "channels:read"
	case "group_archive", "group_unarchive", "group_rename", "group_deleted", "group_left":
		return "groups:read"
	}

	return ""
}

// Emit sends an event if the app subscribes to it, has its scope and is in the channel.
// Caller holds the lock.
func (s *Events) Emit(name string, ch *workspace.Channel, event map[string]any) {
	scope := eventScope(name, ch)
	isGoodbye := name == "tokens_revoked" || name == "app_uninstalled"
	if s.grant.Revoked && !isGoodbye {
		return
	}
	if s.Opt.Events != nil && !slices.Contains(s.Opt.Events, name) {
		return
	}
	if ch != nil && !slices.Contains(ch.Members, s.Opt.BotUser) {
		return
	}
	if scope != "" && !s.grant.Scopes[scope] {
		return
	}
	if scope != "" {
		s.grant.Used[scope] = true
	}
	if event["event_ts"] == nil {
		event["event_ts"] = workspace.FormatTS(s.Now().UnixMicro())
	}

	d := &delivery{kind: "events_api", name: name, id: s.NewID("Ev")}
	shared := false
	if ch != nil {
		d.key, shared = ch.ID, ch.ExtShared
	}

	d.payload = workspace.MustJSON(map[string]any{
		"token": "fakeVerificationToken", "team_id": s.Opt.TeamID, "context_team_id": s.Opt.TeamID, "api_app_id": s.Opt.AppID,
		"type": "event_callback", "event_id": d.id, "event_time": s.Now().Unix(), "event": event,
		"is_ext_shared_channel": shared,
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": s.Opt.TeamID, "user_id": s.Opt.BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
		"event_context": "4-" + d.id,
	})

	s.recordSent(d.id, name, event)
	s.Note(workspace.Change{Kind: "event", ID: d.id, Channel: d.key})
	s.sendThroughFaults(d)
}

// send hands d to the transport. Caller holds the lock.
func (s *Events) send(d *delivery) {
	if t := s.Webhooks.Targets.addressFor(d); t != "" {
		d.target = t
		s.Webhooks.sendHTTP(d)
		return
	}
	s.Sockets.sendSocket(d)
}

// handleFailure is called when an attempt was not acknowledged. An event is tried again as often as
// Options.RetryDelays says, an interaction never. Caller holds the lock.
func (s *Events) handleFailure(d *delivery, reason string) {
	if d.answer != nil || d.attempt >= len(s.Opt.RetryDelays) {
		s.giveUp(d, reason)
		return
	}

	s.removePending(d)
	wait := s.Opt.RetryDelays[d.attempt]
	d.attempt++
	d.reason = reason
	s.Note(workspace.Change{Kind: "retry", ID: d.id})
	s.retries[d] = true
	s.sched.After(wait, func() {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		delete(s.retries, d)
		s.send(d)
	})
}

// giveUp ends a delivery that has failed for good. Caller holds the lock.
func (s *Events) giveUp(d *delivery, reason string) {
	s.removePending(d)
	if d.answer != nil {
		d.passAnswer(Answer{Err: reason})
	} else {
		s.recordLost(d, reason)
	}
}

// removePending ends a delivery's attempt by Socket Mode, if there is one. Caller holds the lock.
func (s *Events) removePending(d *delivery) {
	delete(s.pending, d.envelope)
	d.envelope, d.conn = "", nil
}

// recordLost keeps an event that the app never gets. Caller holds the lock.
func (s *Events) recordLost(d *delivery, reason string) {
	s.lost = append(s.lost, LostEvent{EventID: d.id, Name: d.name, Reason: reason, Payload: d.payload})
	s.Note(workspace.Change{Kind: "lost", ID: d.id})
	s.Opt.Log.Debug("event lost", "event", d.name, "reason", reason)
}

// Pending counts deliveries that are under way: queued, or sent and unacknowledged.
// Those that wait for their next attempt are not counted.
func (s *Events) Pending() int {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return len(s.underWay())
}

// Waiting counts deliveries that wait for their next attempt.
func (s *Events) Waiting() int {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return len(s.retries)
}

// underWay lists what waits for the app. Caller holds the lock.
func (s *Events) underWay() []*delivery {
	out := slices.Concat(s.held, s.Sockets.parked, slices.Collect(maps.Values(s.pending)))
	for _, q := range s.Webhooks.lanes {
		out = append(out, q...)
	}
	return out
}

// reorderHold is how long a reordered event waits for one to overtake it.
const reorderHold = 3 * time.Second

// sendThroughFaults sends d, changed by the injected event faults. Caller holds the lock.
func (s *Events) sendThroughFaults(d *delivery) {
	held := s.held
	s.held = nil
	defer func() {
		for _, h := range held {
			s.send(h)
		}
	}()

	f := s.faults.Strike("event:"+d.name, d.key)
	if f == nil {
		s.send(d)
		return
	}

	switch f.Kind {
	case emulator.FaultLose:
		s.recordLost(d, "fault")
	case emulator.FaultDuplicate:
		s.send(d)
		twin := *d
		s.send(&twin)
	case emulator.FaultReorder:
		s.held = append(s.held, d)
		s.sched.After(reorderHold, func() { s.release(d) })
	case emulator.FaultDelay:
		s.sched.After(f.Delay, func() {
			s.Mu.Lock()
			defer s.Mu.Unlock()
			s.send(d)
		})
	case emulator.FaultDrop:
		d.cut = true
		s.send(d)
	default:
		s.send(d)
	}
}

// release sends a held event that nothing overtook in time.
func (s *Events) release(d *delivery) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if i := slices.Index(s.held, d); i >= 0 {
		s.held = slices.Delete(s.held, i, i+1)
		s.send(d)
	}
}
