package slackfake

import (
	"context"
	"encoding/json"
	"regexp"
)

// In this file, a Person clicks buttons, fills in forms, and uses shortcuts and slash commands. Each method
// sends the interaction to the app and waits for its response, at most Options.AckTimeout (3 s by default).
// The Outcome is what the person sees then. The lock is never held during that request, since the app may
// call the Web API before it responds.

// Submit fills in a modal's inputs (see kit.Fill) and submits it. Like Slack's client, it rejects incomplete
// input without asking the app.
// Errors: not_found, "no element …", those of kit.Choose, "please complete …", those of ctx.
func (p *Person) Submit(ctx context.Context, view string, values map[string][]string) (*Outcome, error) {
	v, payload, err := p.fillView(view, values)
	if err != nil {
		return nil, err
	}

	answer, err := p.s.clicks.askInteractive(ctx, payload)
	if err != nil {
		return nil, err
	}
	if answer.Err != "" {
		return p.makeOutcome(answer), nil
	}

	var response submitResponse
	if answer.Body != nil && json.Unmarshal(answer.Body, &response) != nil {
		response.Action = "invalid"
	}

	viewErr := p.applyResponse(v, response)
	out := p.makeOutcome(answer)
	if response.Action == "errors" {
		out.Errors = response.Errors
	}
	if viewErr != nil {
		out.ViewError = viewErr.Error()
	}

	return out, nil
}

// submitResponse is an app's response to a submission.
type submitResponse struct {
	Action string            `json:"response_action"`
	Errors map[string]string `json:"errors"`
	View   json.RawMessage   `json:"view"`
}

// applyResponse updates the person's modals as an app's response to a submission asks.
func (p *Person) applyResponse(v *View, response submitResponse) error {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	return p.s.screens.Respond(v, response.Action, response.View, response.Errors)
}

// fillView fills in a modal's inputs and returns the modal and the payload of its submission.
func (p *Person) fillView(view string, values map[string][]string) (*View, Object, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	v := s.screens.Views[view]
	if v == nil || v.User != p.id {
		return nil, nil, Refuse("not_found")
	}
	suggested := func(actionID string) Object { return s.clicks.suggested[suggestionKey{p.id, actionID}] }
	if err := Fill(&v.State, v.Blocks, values, suggested); err != nil {
		return nil, nil, err
	}

	payload := s.clicks.newPayload("view_submission", p.id, v.ID)
	payload["view"], payload["response_urls"] = v.Clone(), []any{}
	return v, payload, nil
}

// CloseView cancels a modal or, if all is set, the whole stack of modals. The app receives view_closed only
// if the view asked for it. Errors: not_found, those of ctx.
func (p *Person) CloseView(ctx context.Context, view string, all bool) (*Outcome, error) {
	payload, err := p.dropView(view, all)
	if err != nil {
		return nil, err
	}
	if payload == nil {
		return p.makeOutcome(Answer{}), nil
	}
	return p.interact(ctx, payload)
}

// interact sends an interaction to the app and returns the outcome. The caller must not hold the lock.
func (p *Person) interact(ctx context.Context, payload Object) (*Outcome, error) {
	answer, err := p.s.clicks.askInteractive(ctx, payload)
	if err != nil {
		return nil, err
	}
	return p.makeOutcome(answer), nil
}

// dropView removes a modal, or all modals, from the person's stack. It returns the payload of view_closed, or
// nil if the app didn't ask for it.
func (p *Person) dropView(view string, all bool) (Object, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	v := s.screens.Views[view]
	if v == nil || v.User != p.id {
		return nil, Refuse("not_found")
	}

	payload := s.clicks.newPayload("view_closed", p.id, "")
	delete(payload, "trigger_id")
	payload["view"], payload["is_cleared"] = v.Clone(), all
	remaining := len(s.screens.Stacks[p.id]) - 1
	if all || v.ClearOnClose {
		remaining = 0
	}

	s.screens.Drop(p.id, remaining)
	if !v.NotifyOnClose {
		return nil, nil
	}
	return payload, nil
}

// Shortcut uses a message shortcut on a message. Errors: user_not_found, channel_not_found, message_not_found,
// not_found if the app has no such shortcut, those of ctx.
func (p *Person) Shortcut(ctx context.Context, callback, channel, ts string) (*Outcome, error) {
	payload, err := p.shortcutPayload(callback, channel, ts)
	if err != nil {
		return nil, err
	}
	return p.interact(ctx, payload)
}

// shortcutPayload returns the payload of a message shortcut.
func (p *Person) shortcutPayload(callback, channel, ts string) (Object, error) {
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
	payload["action_ts"] = FormatTS(s.Now().UnixMicro())
	payload["channel"] = map[string]any{"id": ch.ID, "name": payloadName(ch)}
	payload["message"] = eventMessage(m)
	payload["response_url"] = s.clicks.newResponseURL(&responseURL{user: p.id, channel: ch, thread: m.ThreadTS})
	return payload, nil
}

// GlobalShortcut uses a global shortcut. Errors: not_found (also for an unknown person), those of ctx.
func (p *Person) GlobalShortcut(ctx context.Context, callback string) (*Outcome, error) {
	payload, err := p.globalShortcutPayload(callback)
	if err != nil {
		return nil, err
	}
	return p.interact(ctx, payload)
}

func (p *Person) globalShortcutPayload(callback string) (Object, error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	refused := s.grant.UseCommand(s.Opt.Shortcuts, callback)
	if refused != nil || s.people.users[p.id] == nil {
		return nil, Refuse("not_found")
	}

	payload := s.clicks.newShortcut("shortcut", p.id)
	payload["callback_id"], payload["action_ts"] = callback, FormatTS(s.Now().UnixMicro())
	return payload, nil
}

var typedName = regexp.MustCompile(`[@#][a-z0-9][a-z0-9._-]*`)

// escapeNames replaces @name and #name in the text of a command with <@U…|name> and <#C…|name>, as Slack does
// for apps whose manifest sets should_escape. Unknown names are unchanged. The caller holds the lock.
func (r *rooms) escapeNames(text string) string {
	return typedName.ReplaceAllStringFunc(WireText(text), func(w string) string {
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

// Command types a slash command into a channel; Slack doesn't support them in threads. Names in text are
// replaced by escapeNames. Errors: channel_not_found (also for an unknown person), not_found if the app has
// no such command, those of ctx.
func (p *Person) Command(ctx context.Context, channel, command, text string) (*Outcome, error) {
	form, link, err := p.commandForm(channel, command, text)
	if err != nil {
		return nil, err
	}

	answer, err := p.s.clicks.ask(ctx, Question{Name: command, Payload: MustJSON(form), Form: form})
	if err != nil {
		return nil, err
	}

	out := p.makeOutcome(answer)
	if answer.Body != nil {
		if refusal := p.applyAnswer(link, answer.Body); refusal != nil {
			out.Error = refusal.Error()
		}
	}

	return out, nil
}

// commandForm returns the form that the app receives for a slash command, and the response_url in it, where
// the app may post its answer later.
func (p *Person) commandForm(channel, command, text string) (form map[string]string, link *responseURL, err error) {
	s := p.s
	s.Mu.Lock()
	defer s.Mu.Unlock()
	ch := s.rooms.channels[channel]
	u := s.people.users[p.id]
	isMember := ch != nil && ch.members[p.id]
	if u == nil || !isMember {
		return nil, nil, Refuse("channel_not_found")
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
		"text":                  s.rooms.escapeNames(WithShortcodes(text)),
		"response_url":          s.clicks.newResponseURL(link),
		"trigger_id":            s.screens.NewTrigger(p.id, ""),
	}, link, nil
}

// applyAnswer shows an app's answer to a command.
func (p *Person) applyAnswer(link *responseURL, body []byte) *WorkspaceRefusal {
	p.s.Mu.Lock()
	defer p.s.Mu.Unlock()
	return p.s.clicks.followAnswer(link, body)
}

// Click presses a button or picks from a menu. picked contains option values, user or channel ids, a date
// (2006-01-02), a time (15:04) or a typed text, depending on the element's type.
// Errors: user_not_found, channel_not_found, message_not_found, not_found, "no element …", those of
// kit.Choose, those of ctx.
func (p *Person) Click(ctx context.Context, t Target, action string, picked ...string) (*Outcome, error) {
	payload, err := p.s.clicks.newClick(p.id, t, action, picked)
	if err != nil {
		return nil, err
	}
	return p.interact(ctx, payload)
}

// makeOutcome returns what the person sees after the app answered: the answer and the modal on top.
func (p *Person) makeOutcome(answer Answer) *Outcome {
	out := &Outcome{Error: answer.Err, Response: answer.Body}
	if open := p.s.Views(p.id); len(open) > 0 {
		out.View = open[len(open)-1]
	}
	return out
}

// Suggest types text into an external menu and returns the options that the app provides. Errors: those of
// Click, and "no options …" if the answer isn't a list of options.
func (p *Person) Suggest(ctx context.Context, t Target, action, text string) ([]string, error) {
	key, payload, err := p.s.clicks.newSuggestion(p.id, t, action, text)
	if err != nil {
		return nil, err
	}
	answer, err := p.s.clicks.askInteractive(ctx, payload)
	if err != nil {
		return nil, err
	}
	return p.s.clicks.takeOptions(key, answer)
}
