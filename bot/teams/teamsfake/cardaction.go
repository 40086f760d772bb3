package teamsfake

import (
	"slices"
	"strings"
)

// mostActions is how many actions Teams shows in a row; others need mode secondary.
// Source: "Cards reference", read 2026-11.
const mostActions = 6

func (c *cardCheck) actions(v any, at string) {
	if v == nil {
		return
	}
	all, ok := v.([]any)
	if !ok || len(list(v)) != len(all) {
		c.fault("%s is not a list of actions", at)
	}
	primary := 0
	for _, a := range list(v) {
		if a["mode"] != "secondary" {
			primary++
		}
		if title, _ := a["title"].(string); title == "" {
			c.fault("an action in %s has no title", at)
		}
		c.action(a, at)
	}
	if primary > mostActions {
		c.fault("%s has %d actions, Teams shows %d", at, primary, mostActions)
	}
}

func (c *cardCheck) action(v any, at string) {
	if v == nil {
		return
	}
	a, ok := v.(object)
	if !ok {
		c.fault("%s is no action", at)
		return
	}
	kind, _ := a["type"].(string)
	switch kind {
	case "Action.OpenUrl":
		c.keys(a, kind, actionKeys+" url")
		address, _ := a["url"].(string)
		if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "mailto:") {
			c.fault("Action.OpenUrl %q is no address", address)
		}
	case "Action.Submit":
		c.keys(a, kind, actionKeys+" data associatedInputs msteams")
		c.submit(a)
	case "Action.Execute":
		c.keys(a, kind, actionKeys+" verb data associatedInputs")
		c.execute(a, at)
	case "Action.ShowCard":
		c.keys(a, kind, actionKeys+" card")
		card, _ := a["card"].(object)
		c.elements(card["body"], "ShowCard.body")
		c.actions(card["actions"], "ShowCard.actions")
	case "Action.ToggleVisibility":
		c.keys(a, kind, actionKeys+" targetElements")
		if targets, _ := a["targetElements"].([]any); len(targets) == 0 {
			c.fault("Action.ToggleVisibility without targets")
		}
	default:
		c.fault("unknown action %q", kind)
	}
}

func (c *cardCheck) submit(a object) {
	data, _ := a["data"].(object)
	ms, ok := data["msteams"].(object)
	if !ok {
		return
	}
	kind, _ := ms["type"].(string)
	if !slices.Contains([]string{"task/fetch", "messageBack", "imBack", "signin", "invoke"}, kind) {
		c.fault("Action.Submit with msteams type %q", kind)
	}
	if c.where == cardInDialog {
		c.fault("a dialog has Action.Submit with msteams type %q", kind)
	}
}

func (c *cardCheck) execute(a object, at string) {
	if verb, _ := a["verb"].(string); verb == "" {
		c.fault("Action.Execute %v without verb", a["title"])
	}
	if c.where == cardInDialog {
		c.fault("a dialog has Action.Execute, which does nothing there")
	}
	fallback, _ := a["fallback"].(object)
	switch {
	case fallback != nil:
		if fallback["type"] != "Action.Submit" {
			c.fault("the fallback of Action.Execute %v is %v", a["title"], fallback["type"])
		}
		if fallback["id"] == a["id"] {
			delete(fallback, "id") // it replaces the action
		}
		c.action(fallback, "fallback")
	case at != "refresh":
		c.fault("Action.Execute %v has no fallback for older clients", a["title"])
	}
}

// refresh checks the card's automatic update.
func (c *cardCheck) refresh(card object) {
	r, ok := card["refresh"].(object)
	if !ok {
		return
	}
	c.action(r["action"], "refresh")
	if a, _ := r["action"].(object); a["type"] != "Action.Execute" {
		c.fault("refresh.action is not Action.Execute")
	}
	ids, _ := r["userIds"].([]any)
	if len(ids) > mostRefreshed {
		c.fault("refresh.userIds has %d people, at most %d", len(ids), mostRefreshed)
	}
	for _, id := range ids {
		if text, _ := id.(string); !strings.HasPrefix(text, "29:") {
			c.fault("refresh.userIds has %v, which is no 29: id", id)
		}
	}
}

// mostRefreshed is how many people see a card of their own.
// Source: "Universal Actions for Adaptive Cards: user specific views", read 2026-11.
const mostRefreshed = 60

// mentions checks msteams.entities against the texts.
func (c *cardCheck) mentions(card object) {
	ms, _ := card["msteams"].(object)
	known := map[string]bool{}
	for _, e := range list(ms["entities"]) {
		text, _ := e["text"].(string)
		who, _ := e["mentioned"].(object)
		id, _ := who["id"].(string)
		switch {
		case e["type"] != "mention":
			c.fault("entity of type %v", e["type"])
		case !atTag.MatchString(text) || !slices.ContainsFunc(c.texts, func(t string) bool { return strings.Contains(t, text) }):
			c.fault("mention %q is not in the card's text", text)
		case !c.member(id):
			c.fault("mention of somebody who is not in the conversation: %s", id)
		}
		known[text] = true
	}
	for _, text := range c.texts {
		for _, tag := range atTag.FindAllString(text, -1) {
			if !known[tag] {
				c.fault("%s has no mention entity", tag)
			}
		}
	}
}

// member accepts a 29: id, an Entra object id or a user principal name, as cards do.
func (c *cardCheck) member(id string) bool {
	u := c.s.person(id)
	if u == nil {
		for _, x := range c.s.users {
			if x.Email != "" && strings.EqualFold(x.Email, id) {
				u = x
			}
		}
	}
	return u != nil && (c.ch == nil || c.s.isMember(c.ch, u.ID))
}
