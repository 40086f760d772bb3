package slackfake

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/bot/slack/slackfake/kit"
)

// Submit fills a modal's inputs (by action id, or block_id/action_id) and submits it. A client
// refuses to submit incomplete input; so does this, without asking the app.
// Errors: not_found, "please complete …", "no such option …", ctx's.
func (p *Person) Submit(ctx context.Context, view string, values map[string][]string) (*Outcome, error) {
	s := p.s
	s.mu.Lock()
	v := s.screens.views[view]
	if v == nil || v.User != p.id {
		s.mu.Unlock()
		return nil, refuse("not_found")
	}
	if err := kit.Fill(&v.State, v.Blocks, values, func(id string) object { return s.clicks.suggested[p.id+"|"+id] }); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	payload := s.clicks.interaction("view_submission", p.id, v.ID)
	payload["view"], payload["response_urls"] = v.clone(), []any{}
	s.mu.Unlock()
	r, err := s.clicks.askInteractive(ctx, payload)
	if err != nil {
		return nil, err
	}
	if r.err != "" {
		return p.outcome(r), nil
	}
	s.mu.Lock()
	var act struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if r.body != nil && json.Unmarshal(r.body, &act) != nil {
		act.Action = "invalid"
	}
	problem := s.screens.respond(v, act.Action, act.View, act.Errors)
	s.mu.Unlock()
	out := p.outcome(r)
	if act.Action == "errors" {
		out.Errors = act.Errors
	}
	if problem != nil {
		out.ViewError = problem.Error()
	}
	return out, nil
}

// respond applies a response_action to the submitted modal v. Caller holds the lock.
func (s *screens) respond(v *View, action string, raw json.RawMessage, errs map[string]string) error {
	stack := s.stacks[v.User]
	depth := 0
	for i, id := range stack {
		if id == v.ID {
			depth = i
		}
	}
	switch action {
	case "":
		s.drop(v.User, depth)
	case "clear":
		s.drop(v.User, 0)
	case "errors":
		if len(errs) == 0 {
			return refuse("invalid_arguments", "[ERROR] errors must not be empty")
		}
		for block := range errs {
			if !hasInput(v.Blocks, block) {
				return refuse("invalid_arguments", fmt.Sprintf("[ERROR] no input block %q", block))
			}
		}
	case "update", "push":
		n, err := s.parseView(raw, "modal")
		if err != nil {
			return err
		}
		if action == "update" {
			s.replace(v, n)
			return nil
		}
		if err := s.push(n, v.User); err != nil {
			return err
		}
	default:
		return refuse("invalid_arguments", "[ERROR] unknown response_action")
	}
	return nil
}

func hasInput(blocks json.RawMessage, id string) bool {
	found := false
	kit.Each(blocks, func(b, _ object) bool {
		found = found || b["type"] == "input" && b["block_id"] == id
		return !found
	})
	return found
}

// CloseView cancels a modal; all closes the whole stack. The app is told by view_closed only
// when the view asked for it. Errors: not_found, ctx's.
func (p *Person) CloseView(ctx context.Context, view string, all bool) (*Outcome, error) {
	s := p.s
	s.mu.Lock()
	v := s.screens.views[view]
	if v == nil || v.User != p.id {
		s.mu.Unlock()
		return nil, refuse("not_found")
	}
	payload := s.clicks.interaction("view_closed", p.id, "")
	delete(payload, "trigger_id")
	payload["view"], payload["is_cleared"] = v.clone(), all
	tell, n := v.NotifyOnClose, len(s.screens.stacks[p.id])-1
	if all || v.ClearOnClose {
		n = 0
	}
	s.screens.drop(p.id, n)
	s.mu.Unlock()
	if !tell {
		return p.outcome(appResponse{}), nil
	}
	r, err := s.clicks.askInteractive(ctx, payload)
	if err != nil {
		return nil, err
	}
	return p.outcome(r), nil
}

// Shortcut uses a message shortcut on a message. Errors: message_not_found, not_found when the
// app has no such shortcut, ctx's.
func (p *Person) Shortcut(ctx context.Context, callback, channel, ts string) (*Outcome, error) {
	s := p.s
	s.mu.Lock()
	ch, m, err := s.rooms.visible(p.id, channel, ts)
	if err == nil {
		err = s.grant.mayCommand(s.opt.Shortcuts, callback)
	}
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	payload := s.clicks.interaction("message_action", p.id, "")
	payload["callback_id"], payload["message_ts"], payload["action_ts"] = callback, ts, formatTS(s.now().UnixMicro())
	payload["channel"] = map[string]any{"id": ch.ID, "name": payloadName(ch)}
	payload["message"] = eventMessage(m)
	payload["response_url"] = s.clicks.newResponseURL(&responseURL{user: p.id, channel: ch, thread: m.ThreadTS})
	s.mu.Unlock()
	r, e := s.clicks.askInteractive(ctx, payload)
	if e != nil {
		return nil, e
	}
	return p.outcome(r), nil
}

// GlobalShortcut uses a global shortcut. Errors: not_found when the app has none such, ctx's.
func (p *Person) GlobalShortcut(ctx context.Context, callback string) (*Outcome, error) {
	s := p.s
	s.mu.Lock()
	if err := s.grant.mayCommand(s.opt.Shortcuts, callback); s.people.users[p.id] == nil || err != nil {
		s.mu.Unlock()
		return nil, refuse("not_found")
	}
	payload := s.clicks.interaction("shortcut", p.id, "")
	payload["callback_id"], payload["action_ts"] = callback, formatTS(s.now().UnixMicro())
	s.mu.Unlock()
	r, err := s.clicks.askInteractive(ctx, payload)
	if err != nil {
		return nil, err
	}
	return p.outcome(r), nil
}

// Command types a slash command into a channel (Slack has none in threads). Names after @ and
// # in text are escaped to ids, as with should_escape. Errors: channel_not_found, not_found when the
// app has no such command, ctx's.
func (p *Person) Command(ctx context.Context, channel, command, text string) (*Outcome, error) {
	s := p.s
	s.mu.Lock()
	ch := s.rooms.channels[channel]
	u := s.people.users[p.id]
	if ch == nil || u == nil || !ch.members[p.id] {
		s.mu.Unlock()
		return nil, refuse("channel_not_found")
	}
	if err := s.grant.mayCommand(s.opt.Commands, command); err != nil {
		s.mu.Unlock()
		return nil, err
	}
	link := &responseURL{user: p.id, channel: ch}
	form := map[string]string{
		"token": "fakeVerificationToken", "team_id": s.opt.TeamID, "team_domain": s.opt.Domain, "channel_id": ch.ID,
		"channel_name": payloadName(ch), "user_id": u.ID, "user_name": u.Name, "command": command, "text": s.rooms.escapeNames(text),
		"api_app_id": s.opt.AppID, "is_enterprise_install": "false", "response_url": s.clicks.newResponseURL(link),
		"trigger_id": s.screens.newTrigger(p.id, ""),
	}
	s.mu.Unlock()
	r, err := s.clicks.ask(ctx, &delivery{kind: "slash_commands", name: command, payload: mustJSON(form), form: form})
	if err != nil {
		return nil, err
	}
	out := p.outcome(r)
	if r.body != nil {
		s.mu.Lock()
		if err := s.clicks.reply(link, r.body); err != nil {
			out.Error = err.Error()
		}
		s.mu.Unlock()
	}
	return out, nil
}
