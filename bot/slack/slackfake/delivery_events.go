package slackfake

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"parley/channels/emulator"
)

// Events delivers events, interactions and commands to the app. The app must acknowledge an event, such as "Ann posted a
// message", within three seconds. Otherwise it is delivered again, up to three times, and then recorded as lost. Tests can
// inject faults that delay, duplicate, reorder or lose events.
//
// "The lock" is workspace.Ground.Mu. It guards Events and everything else in the emulated workspace.
type Events struct {
	*Ground
	grant    *Grant
	sched    *Schedule
	Sockets  *Sockets
	Webhooks *Webhooks
	faults   *emulator.FaultPlan

	pending        map[string]*delivery // sent over Socket Mode and unacknowledged, by envelope id
	held           []*delivery          // held back by a reorder fault until a later one was sent
	retries        map[*delivery]bool   // waiting for the next attempt
	lost           []LostEvent
	unacknowledged map[string]SlowEvent // by event id
	slow           []SlowEvent          // acknowledged late
}

// NewDelivery returns Events together with its two transports, Sockets and Webhooks.
func NewDelivery(g *Ground, grant *Grant, sched *Schedule, faults *emulator.FaultPlan) *Events {
	s := &Events{Ground: g, grant: grant, sched: sched, faults: faults}
	s.Sockets = &Sockets{Ground: g, events: s, sched: sched, tickets: map[string]bool{}}
	s.Webhooks = &Webhooks{Ground: g, events: s, client: newClient()}
	return s
}

// Reset drops all deliveries. The caller must hold the lock.
func (s *Events) Reset() {
	s.pending, s.unacknowledged = map[string]*delivery{}, map[string]SlowEvent{}
	s.held, s.retries = nil, map[*delivery]bool{}
	s.lost, s.slow = nil, nil
	s.Sockets.parked = nil
	s.Webhooks.lanes = map[string][]*delivery{}
}

// delivery is an event, an interaction or a command that is being delivered. The lock guards the fields that change.
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
	conn     *socket           // Socket Mode: the socket of the current attempt
	cut      bool              // a fault drops the connection before the acknowledgement
	answer   chan Answer       // interactions and commands; buffered
}

// isCut reports whether a fault drops the connection in the current attempt. It does so only in the first one.
func (d *delivery) isCut() bool { return d.cut && d.attempt == 0 }

// Answer is the app's response to an interaction or command.
type Answer struct {
	Body json.RawMessage // nil if empty
	Err  string          // "" if the app responded in time, or else operation_timeout, http_404, …
}

// Question is an interaction or a command, to which the app must respond.
type Question struct {
	Name    string // interaction type, or the command
	Payload json.RawMessage
	Form    map[string]string // of a command
}

// Ask delivers q and returns a channel that will receive the app's response. The caller must hold the lock.
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
	s.Note(Change{Kind: "interaction", ID: d.name})
	return d.answer
}

// Interrupt ends the waiting for all responses. The caller must hold the lock.
func (s *Events) Interrupt() {
	for _, d := range s.underWay() {
		if d.answer != nil {
			d.passAnswer(Answer{Err: "reset"})
		}
	}
}

// passAnswer passes the app's response to the goroutine that waits for it. Only the first response counts.
func (d *delivery) passAnswer(r Answer) {
	select {
	case d.answer <- r:
	default:
	}
}

// LostEvent is an event that the app hasn't acknowledged in any attempt, or that a fault has lost.
type LostEvent struct {
	EventID string          `json:"event_id"`
	Name    string          `json:"name"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
}

// Lost returns the lost events.
func (s *Events) Lost() []LostEvent {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return slices.Clone(s.lost)
}

// eventScope returns the scope that an event requires, or "".
func eventScope(name string, ch *Channel) string {
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
	case "file_shared", "file_change":
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

// Emit sends an event if the app subscribes to it, has the required scope and is a member of the channel. ch may be nil. The
// caller must hold the lock.
func (s *Events) Emit(name string, ch *Channel, event map[string]any) {
	scope := eventScope(name, ch)
	isAboutRemoval := name == "tokens_revoked" || name == "app_uninstalled"
	if s.grant.Revoked && !isAboutRemoval {
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
		event["event_ts"] = FormatTS(s.Now().UnixMicro())
	}

	d := &delivery{kind: "events_api", name: name, id: s.NewID("Ev")}
	shared := false
	if ch != nil {
		d.key, shared = ch.ID, ch.ExtShared
	}

	d.payload = MustJSON(map[string]any{
		"token": "fakeVerificationToken", "team_id": s.Opt.TeamID, "context_team_id": s.Opt.TeamID, "api_app_id": s.Opt.AppID,
		"type": "event_callback", "event_id": d.id, "event_time": s.Now().Unix(), "event": event,
		"is_ext_shared_channel": shared,
		"authorizations": []any{map[string]any{
			"enterprise_id": nil, "team_id": s.Opt.TeamID, "user_id": s.Opt.BotUser, "is_bot": true, "is_enterprise_install": false,
		}},
		"event_context": "4-" + d.id,
	})

	s.recordSent(d.id, name, event)
	s.Note(Change{Kind: "event", ID: d.id, Channel: d.key})
	s.sendThroughFaults(d)
}

// send passes a delivery to its transport. The caller must hold the lock.
func (s *Events) send(d *delivery) {
	if t := s.Webhooks.Targets.addressFor(d); t != "" {
		d.target = t
		s.Webhooks.sendHTTP(d)
		return
	}
	s.Sockets.sendSocket(d)
}

// handleFailure handles an attempt that wasn't acknowledged. It schedules a retry after the next of Options.RetryDelays, or
// gives up if there is none. Interactions and commands aren't retried. The caller must hold the lock.
func (s *Events) handleFailure(d *delivery, reason string) {
	if d.answer != nil || d.attempt >= len(s.Opt.RetryDelays) {
		s.giveUp(d, reason)
		return
	}

	s.removePending(d)
	wait := s.Opt.RetryDelays[d.attempt]
	d.attempt++
	d.reason = reason
	s.Note(Change{Kind: "retry", ID: d.id})
	s.retries[d] = true
	s.sched.After(wait, func() {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		delete(s.retries, d)
		s.send(d)
	})
}

// giveUp ends a delivery that has failed permanently. The caller must hold the lock.
func (s *Events) giveUp(d *delivery, reason string) {
	s.removePending(d)
	if d.answer != nil {
		d.passAnswer(Answer{Err: reason})
	} else {
		s.recordLost(d, reason)
	}
}

// removePending ends the current attempt over Socket Mode, if there is one. The caller must hold the lock.
func (s *Events) removePending(d *delivery) {
	delete(s.pending, d.envelope)
	d.envelope, d.conn = "", nil
}

// recordLost records a lost event. The caller must hold the lock.
func (s *Events) recordLost(d *delivery, reason string) {
	s.lost = append(s.lost, LostEvent{EventID: d.id, Name: d.name, Reason: reason, Payload: d.payload})
	s.Note(Change{Kind: "lost", ID: d.id})
	s.Opt.Log.Debug("event lost", "event", d.name, "reason", reason)
}

// Pending returns the number of deliveries that are queued, or sent and unacknowledged. It doesn't include those that wait
// for a retry.
func (s *Events) Pending() int {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return len(s.underWay())
}

// Waiting returns the number of deliveries that wait for a retry.
func (s *Events) Waiting() int {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return len(s.retries)
}

// underWay returns the deliveries that Pending counts. The caller must hold the lock.
func (s *Events) underWay() []*delivery {
	out := slices.Concat(s.held, s.Sockets.parked, slices.Collect(maps.Values(s.pending)))
	for _, q := range s.Webhooks.lanes {
		out = append(out, q...)
	}
	return out
}

// reorderHold is how long a reorder fault holds an event back if no other event follows.
const reorderHold = 3 * time.Second

// sendThroughFaults sends a delivery, subject to injected faults. The caller must hold the lock.
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
		duplicate := *d
		s.send(&duplicate)
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

// release sends an event that is still held back.
func (s *Events) release(d *delivery) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	if i := slices.Index(s.held, d); i >= 0 {
		s.held = slices.Delete(s.held, i, i+1)
		s.send(d)
	}
}
