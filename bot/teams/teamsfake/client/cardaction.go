package client

import (
	"slices"
	"strings"
)

// mostActions is how many actions Teams shows in a row; others need mode secondary.
// Source: "Cards reference", read 2026-11.
const mostActions = 6

// row checks the buttons that stand together.
func (c *cardCheck) row(v any, at string) {
	primary := 0
	for _, a := range list(v) {
		if mode, _ := a["mode"].(string); !strings.EqualFold(mode, "secondary") {
			primary++
		}
		if title, _ := a["title"].(string); title == "" {
			c.fault("an action in %s has no title", at)
		}
		c.older(a)
	}
	if primary > mostActions {
		c.fault("%s has %d actions, Teams shows %d", at, primary, mostActions)
	}
}

func (c *cardCheck) action(a object, kind string) {
	switch kind {
	case "Action.OpenUrl":
		address, _ := a["url"].(string)
		if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "mailto:") {
			c.fault("Action.OpenUrl %q is no address", address)
		}
	case "Action.Submit":
		c.submit(a)
	case "Action.Execute":
		if c.dialog {
			c.fault("a dialog has Action.Execute, which does nothing there")
		}
	case "Action.ToggleVisibility":
		if targets, _ := a["targetElements"].([]any); len(targets) == 0 {
			c.fault("Action.ToggleVisibility without targets")
		}
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
	if c.dialog {
		c.fault("a dialog has Action.Submit with msteams type %q", kind)
	}
}

// older checks what clients show that do not know Action.Execute.
func (c *cardCheck) older(a object) {
	if a["type"] != "Action.Execute" {
		return
	}
	switch fallback, ok := a["fallback"].(object); {
	case !ok:
		c.fault("Action.Execute %v has no fallback for older clients", a["title"])
	case fallback["type"] != "Action.Submit":
		c.fault("the fallback of Action.Execute %v is %v", a["title"], fallback["type"])
	}
}

// refresh checks the card's automatic update.
func (c *cardCheck) refresh(r object) {
	ids, _ := r["userIds"].([]any)
	if len(ids) > MostRefreshed {
		c.fault("refresh.userIds has %d people, at most %d", len(ids), MostRefreshed)
	}
	for _, id := range ids {
		if text, _ := id.(string); !strings.HasPrefix(text, "29:") {
			c.fault("refresh.userIds has %v, which is no 29: id", id)
		}
	}
}

// MostRefreshed is how many people see a card of their own.
// Source: "Universal Actions for Adaptive Cards: user specific views", read 2026-11.
const MostRefreshed = 60

// mentions checks msteams.entities against the texts.
func (c *cardCheck) mentions(card object) {
	ms, _ := card["msteams"].(object)
	known := map[string]bool{}
	for _, e := range list(ms["entities"]) {
		text, _ := e["text"].(string)
		who, _ := e["mentioned"].(object)
		id, _ := who["id"].(string)
		switch {
		case len(Chips(text)) == 0 || !slices.ContainsFunc(c.texts, func(t string) bool { return strings.Contains(t, text) }):
			c.fault("mention %q is not in the card's text", text)
		case c.known != nil && !c.known(id):
			c.fault("mention of somebody who is not in the conversation: %s", id)
		}
		known[text] = true
	}
	for _, text := range c.texts {
		for _, tag := range Chips(text) {
			if !known[tag] {
				c.fault("%s has no mention entity", tag)
			}
		}
	}
}
