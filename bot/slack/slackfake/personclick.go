package slackfake

import (
	"context"
	"encoding/json"
	"regexp"

	"parley/bot/slack/slackfake/delivery"
	"parley/bot/slack/slackfake/kit"
	"parley/bot/slack/slackfake/workspace"
)

// Here a Person clicks, fills in forms, and uses shortcuts and commands, as with Slack's own client. If the app
// has to answer, a method blocks until it has, or until Options.AckTimeout (3 s) has passed. The Outcome is
// what the person sees then.

// Submit fills a modal's inputs (see kit.Fill) and submits it. As a client does, it refuses incomplete input
// without asking the app.
// Errors: not_found, "no element …", those of kit.Choose, "please complete …", ctx's.
func (p *Person) Submit(ctx context.Context, view string, values map[string][]string) (*Outcome, error) {
	v, payload, err := p.fillView(view, values)
	if err != nil {
		return nil, err
	}

	r, err := p.s.clicks.askInteractive(ctx, payload) // without the lock: the app may call Slack before it answers
	if err != nil {
		return nil, err
	}
	if r.Err != "" {
		return p.makeOutcome(r), nil
	}

	var act submitAnswer
	if r.Body != nil && json.Unmarshal(r.Body, &act) != nil {
		act.Action = "invalid"
	}

	problem := p.followAnswer(v, act)
	out := p.makeOutcome(r)
	if act.Action == "errors" {
		out.Errors = act.Errors
	}
	if problem != nil {
		out.ViewError = problem.Error()
	}

	return out, nil
}

// submitAnswer is what an app answers to a submission.
type submitAnswer struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
	View   json.RawMessage   `json:"view"`
}

// followAnswer shows what an app answered to a submission.
func (p *Person) followAnswer(v *View, act submitAnswer) error {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	return p.s.screens.Respond(v, act.Action, act.View, act.Errors)
}

// fillView fills a modal's inputs and returns it with the payload of its submission.
func (p *Person) fillView(view string, values map[string][]string) (*View, object, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	v := s.screens.Views[view]
	if v == nil || v.User != p.id {
		return nil, nil, workspace.Refuse("not_found")
	}
	if err := kit.Fill(&v.State, v.Blocks, values, func(id string) object { return s.clicks.suggested[suggestionKey{p.id, id}] }); err != nil {
		return nil, nil, err
	}

	payload := s.clicks.newPayload("view_submission", p.id, v.ID)
	payload["view"], payload["response_urls"] = v.Clone(), []any{}
	return v, payload, nil
}

// CloseView cancels a modal; all closes the whole stack. The app is told by view_closed only
// when the view asked for it. Errors: not_found, ctx's.
func (p *Person) CloseView(ctx context.Context, view string, all bool) (*Outcome, error) {
	payload, err := p.dropView(view, all)
	if err != nil {
		return nil, err
	}
	if payload == nil {
		return p.makeOutcome(delivery.Answer{}), nil
	}
	return p.interact(ctx, payload)
}

// interact tells the app what the person did, and returns what comes of it. It does so without the lock: the
// app may call Slack before it answers.
func (p *Person) interact(ctx context.Context, payload object) (*Outcome, error) {
	r, err := p.s.clicks.askInteractive(ctx, payload)
	if err != nil {
		return nil, err
	}
	return p.makeOutcome(r), nil
}

// dropView takes a modal off the person's stack, or all of them, and returns the payload by which the app is
// told; nil if it doesn't want to be told.
func (p *Person) dropView(view string, all bool) (object, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	v := s.screens.Views[view]
	if v == nil || v.User != p.id {
		return nil, workspace.Refuse("not_found")
	}

	payload := s.clicks.newPayload("view_closed", p.id, "")
	delete(payload, "trigger_id")
	payload["view"], payload["is_cleared"] = v.Clone(), all
	left := len(s.screens.Stacks[p.id]) - 1
	if all || v.ClearOnClose {
		left = 0
	}

	s.screens.Drop(p.id, left)
	if !v.NotifyOnClose {
		return nil, nil
	}
	return payload, nil
}

// Shortcut uses a message shortcut on a message. Errors: user_not_found, channel_not_found, message_not_found,
// not_found if the app has no such shortcut, ctx's.
func (p *Person) Shortcut(ctx context.Context, callback, channel, ts string) (*Outcome, error) {
	payload, err := p.shortcutPayload(callback, channel, ts)
	if err != nil {
		return nil, err
	}
	return p.interact(ctx, payload)
}

// shortcutPayload is what the app is told of a message shortcut.
func (p *Person) shortcutPayload(callback, channel, ts string) (object, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch, m, err := s.rooms.findVisible(p.id, channel, ts)
	if err != nil {
		return nil, err
	}
	if err := s.grant.UseCommand(s.Opt.Shortcuts, callback); err != nil {
		return nil, err
	}

	payload := s.clicks.newShortcut("message_action", p.id)
	payload["callback_id"] = callback
	payload["message_ts"] = ts
	payload["action_ts"] = workspace.FormatTS(s.Now().UnixMicro())
	payload["channel"] = map[string]any{"id": ch.ID, "name": payloadName(ch)}
	payload["message"] = eventMessage(m)
	payload["response_url"] = s.clicks.newResponseURL(&responseURL{user: p.id, channel: ch, thread: m.ThreadTS})
	return payload, nil
}

// GlobalShortcut uses a global shortcut. Errors: not_found (also for an unknown person), ctx's.
func (p *Person) GlobalShortcut(ctx context.Context, callback string) (*Outcome, error) {
	payload, err := p.globalShortcutPayload(callback)
	if err != nil {
		return nil, err
	}
	return p.interact(ctx, payload)
}

func (p *Person) globalShortcutPayload(callback string) (object, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	refused := s.grant.UseCommand(s.Opt.Shortcuts, callback)
	if refused != nil || s.people.users[p.id] == nil {
		return nil, workspace.Refuse("not_found")
	}

	payload := s.clicks.newShortcut("shortcut", p.id)
	payload["callback_id"], payload["action_ts"] = callback, workspace.FormatTS(s.Now().UnixMicro())
	return payload, nil
}

var typedName = regexp.MustCompile(`[@#][a-z0-9][a-z0-9._-]*`)

// escapeNames replaces @name and #name in the text of a command by <@U…|name> and <#C…|name>, as Slack does for
// apps whose manifest has should_escape. Names that it doesn't know stay. Caller holds the lock.
func (r *rooms) escapeNames(text string) string {
	return typedName.ReplaceAllStringFunc(kit.WireText(text), func(w string) string {
		for _, id := range r.people.userIDs {
			if u := r.people.users[id]; w == "@"+u.Name {
				return "<@" + u.ID + "|" + u.Name + ">"
			}
		}

		for _, id := range r.chanIDs {
			c := r.channels[id]
			if w == "#"+c.Name && !c.IM {
				return "<#" + c.ID + "|" + c.Name + ">"
			}
		}

		return w
	})
}

// Command types a slash command into a channel (Slack has none in threads). Names after @ and # in text are
// escaped to ids, as with should_escape. Errors: channel_not_found (also for an unknown person), not_found if
// the app has no such command, ctx's.
func (p *Person) Command(ctx context.Context, channel, command, text string) (*Outcome, error) {
	form, link, err := p.commandForm(channel, command, text)
	if err != nil {
		return nil, err
	}

	// Without the lock: the app may call Slack before it answers.
	r, err := p.s.clicks.ask(ctx, delivery.Question{Name: command, Payload: workspace.MustJSON(form), Form: form})
	if err != nil {
		return nil, err
	}

	out := p.makeOutcome(r)
	if r.Body != nil {
		if refused := p.useLink(link, r.Body); refused != nil {
			out.Error = refused.Error()
		}
	}

	return out, nil
}

// commandForm is what the app is told of a slash command, with the address by which it may answer later.
func (p *Person) commandForm(channel, command, text string) (form map[string]string, link *responseURL, err error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	u := s.people.users[p.id]
	isMember := ch != nil && ch.members[p.id]
	if u == nil || !isMember {
		return nil, nil, workspace.Refuse("channel_not_found")
	}
	if err := s.grant.UseCommand(s.Opt.Commands, command); err != nil {
		return nil, nil, err
	}

	link = &responseURL{user: p.id, channel: ch}
	return map[string]string{
		"token":                 "fakeVerificationToken",
		"api_app_id":            s.Opt.AppID,
		"is_enterprise_install": "false",
		"team_id":               s.Opt.TeamID,
		"team_domain":           s.Opt.Domain,
		"channel_id":            ch.ID,
		"channel_name":          payloadName(ch),
		"user_id":               u.ID,
		"user_name":             u.Name,
		"command":               command,
		"text":                  s.rooms.escapeNames(kit.WithShortcodes(text)),
		"response_url":          s.clicks.newResponseURL(link),
		"trigger_id":            s.screens.NewTrigger(p.id, ""),
	}, link, nil
}

// useLink does what an app asks for in its answer to a command; nil if it may.
func (p *Person) useLink(link *responseURL, body []byte) *workspace.Refusal {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	return p.s.clicks.followAnswer(link, body)
}

// Click presses a button or picks from a menu: picked holds option values, user or channel
// ids, a date (2006-01-02), a time (15:04) or typed text, by the element's type.
// Errors: user_not_found, channel_not_found, message_not_found, not_found, "no element …", those of kit.Choose,
// ctx's.
func (p *Person) Click(ctx context.Context, t Target, action string, picked ...string) (*Outcome, error) {
	payload, err := p.s.clicks.newClick(p.id, t, action, picked)
	if err != nil {
		return nil, err
	}
	return p.interact(ctx, payload)
}

func (p *Person) makeOutcome(r delivery.Answer) *Outcome {
	out := &Outcome{Error: r.Err, Response: r.Body}
	if open := p.s.Views(p.id); len(open) > 0 {
		out.View = open[len(open)-1]
	}
	return out
}

// Suggest types text into an external select and returns the options that the app offers.
// Errors: as Click, and "no options …" when the answer is not a list of options.
func (p *Person) Suggest(ctx context.Context, t Target, action, text string) ([]string, error) {
	key, payload, err := p.s.clicks.newSuggestion(p.id, t, action, text)
	if err != nil {
		return nil, err
	}
	r, err := p.s.clicks.askInteractive(ctx, payload) // without the lock: the app may call Slack before it answers
	if err != nil {
		return nil, err
	}
	return p.s.clicks.takeOptions(key, r)
}
