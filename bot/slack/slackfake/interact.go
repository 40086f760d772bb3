package slackfake

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"parley/channels/emulator"
)

// Outcome is what a person sees after an interaction.
type Outcome struct {
	// Error is "" if the app acknowledged in time. Otherwise it is operation_timeout, http_<status> or connection_failed, and
	// the person sees a warning.
	Error string `json:"error,omitempty"`
	// Errors are the errors of a modal's fields, by block id.
	Errors map[string]string `json:"errors,omitempty"`
	// ViewError is why Slack refused the view in the app's response_action.
	ViewError string `json:"view_error,omitempty"`
	// Response is the raw acknowledgement, if it had a body.
	Response json.RawMessage `json:"response,omitempty"`
	// View is the topmost modal after the interaction, if any.
	View *View `json:"view,omitempty"`
}

// clicks emulates interactions. When a person clicks a button, uses a shortcut or submits a form, Slack sends the app a
// payload, waits three seconds for the response, and shows the person the Outcome. Messages and views (modals and home tabs)
// consist of blocks, and blocks of elements, such as buttons.
//
// "The lock", workspace.Ground.Mu, guards it.
type clicks struct {
	*Ground
	people  *directory
	rooms   *rooms
	board   *board
	screens *Screens
	grant   *Grant
	events  *Events
	faults  *emulator.FaultPlan

	ephs      []*Ephemeral             // messages that only one person sees
	replies   map[string]*responseURL  // by the id in the URL
	selected  map[choiceKey]State      // what people have chosen in messages
	suggested map[suggestionKey]Object // the options that the app has suggested last
}

// choiceKey identifies a message and the person who has chosen something in it.
type choiceKey struct{ user, channel, ts string }

// suggestionKey identifies an external select, for which the app suggests options while a person types.
type suggestionKey struct{ user, action string }

// reset removes all interactions. The caller must hold the lock.
func (s *clicks) reset() {
	s.ephs = nil
	s.replies = map[string]*responseURL{}
	s.selected = map[choiceKey]State{}
	s.suggested = map[suggestionKey]Object{}
}

// newPayload returns a payload with the fields that all interactions share. view is the id of the view in which the person
// acts, or "". The caller must hold the lock.
func (s *clicks) newPayload(kind, user, view string) Object {
	u := s.people.users[user]
	return Object{
		"type":                  kind,
		"token":                 "fakeVerificationToken",
		"api_app_id":            s.Opt.AppID,
		"enterprise":            nil,
		"is_enterprise_install": false,
		"team":                  Object{"id": s.Opt.TeamID, "domain": s.Opt.Domain},
		"user":                  Object{"id": u.ID, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"trigger_id":            s.screens.NewTrigger(user, view),
	}
}

// newShortcut returns the payload of a shortcut, the only interaction that doesn't contain the app's id. The caller must hold
// the lock.
// Source: docs.slack.dev/reference/interaction-payloads/shortcuts-interaction-payload, and the types of
// @slack/bolt 5.1.0.
func (s *clicks) newShortcut(kind, user string) Object {
	payload := s.newPayload(kind, user, "")
	delete(payload, "api_app_id")
	return payload
}

// newClick returns the payload of a click on an element of a message or view, and records the choice, so that it is shown.
// picked is what the person has chosen or typed. newClick acquires the lock.
func (s *clicks) newClick(user string, t Target, action string, picked []string) (Object, error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	at, err := s.lookAt(user, t)
	if err != nil {
		return nil, err
	}
	element, err := at.findElement(action)
	if err != nil {
		return nil, err
	}
	choice, err := Choose(element.Fields, picked, s.suggested[suggestionKey{user, element.ActionID}])
	if err != nil {
		return nil, err
	}

	act := s.describeAction(element, choice)
	if HasState(element.Kind) {
		choice["type"] = element.Kind
		at.state.Set(element.BlockID, element.ActionID, choice)
		s.keepChoice(user, t, at)
	}

	payload := s.newPayload("block_actions", user, at.viewID())
	maps.Copy(payload, at.fields)
	payload["actions"] = []any{act}
	if at.view != nil {
		payload["view"] = at.view.Clone()
	} else {
		payload["state"] = FullState(at.state, at.blocks)
	}
	return payload, nil
}

// describeAction returns the part of a payload that describes the clicked element and the choice.
func (s *clicks) describeAction(element Element, choice Object) Object {
	act := Object{
		"type":      element.Kind,
		"action_id": element.ActionID,
		"block_id":  element.BlockID,
		"action_ts": FormatTS(s.Now().UnixMicro()),
	}
	for _, key := range []string{"text", "style", "placeholder", "url"} {
		if element.Fields[key] != nil {
			act[key] = element.Fields[key]
		}
	}
	maps.Copy(act, choice)
	return act
}

// newSuggestion returns the payload that requests the options of an external select, for the text that was typed so far. key
// is for takeOptions. newSuggestion acquires the lock.
func (s *clicks) newSuggestion(user string, t Target, action, typed string) (key suggestionKey, payload Object, err error) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	at, err := s.lookAt(user, t)
	if err != nil {
		return suggestionKey{}, nil, err
	}
	element, err := at.findElement(action)
	if err != nil {
		return suggestionKey{}, nil, err
	}

	payload = s.newPayload("block_suggestion", user, "")
	maps.Copy(payload, at.fields)
	delete(payload, "trigger_id")
	delete(payload, "response_url")
	if at.view != nil {
		payload["view"] = at.view.Clone()
	}
	payload["value"] = typed
	payload["action_id"] = element.ActionID
	payload["block_id"] = element.BlockID
	return suggestionKey{user, element.ActionID}, payload, nil
}

// takeOptions decodes the options that the app suggests for an external select, and records them, so that one can be chosen.
func (s *clicks) takeOptions(key suggestionKey, r Answer) ([]string, error) {
	var o Object
	if r.Err != "" || json.Unmarshal(r.Body, &o) != nil {
		return nil, fmt.Errorf("no options from the app: %s", r.Err)
	}

	s.Mu.Lock()
	defer s.Mu.Unlock()
	values, faults := Offered(o)
	if len(faults) > 0 {
		return nil, fmt.Errorf("no options from the app: %s", faults[0])
	}
	s.suggested[key] = o
	return values, nil
}

// ask delivers an interaction or command and waits for the app's response. The caller must not hold the lock.
// Errors: ctx's, or context.Canceled if the server is closed.
func (s *clicks) ask(ctx context.Context, q Question) (Answer, error) {
	s.Mu.Lock()
	answer := s.events.Ask(q)
	s.Mu.Unlock()
	select {
	case r := <-answer:
		return r, nil
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	case <-s.Ctx.Done():
		return Answer{}, context.Canceled
	}
}

func (s *clicks) askInteractive(ctx context.Context, payload Object) (Answer, error) {
	return s.ask(ctx, Question{Name: fmt.Sprint(payload["type"]), Payload: MustJSON(payload)})
}
