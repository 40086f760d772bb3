package client

import (
	"slices"
	"strings"
)

// mostActions is how many actions Teams shows in a row; others need mode secondary.
// Source: "Cards reference", read 2026-11.
const mostActions = 6

func (c *cardCheck) checkRow(v any, at string) {
	primary := 0
	for _, a := range list(v) {
		if mode, _ := a["mode"].(string); !strings.EqualFold(mode, "secondary") {
			primary++
		}
		if title, _ := a["title"].(string); title == "" {
			c.addFault("an action in %s has no title", at)
		}
		c.checkFallback(a)
	}
	if primary > mostActions {
		c.addFault("%s has %d actions, Teams shows %d", at, primary, mostActions)
	}
}

func (c *cardCheck) checkAction(a object, kind string) {
	switch kind {
	case "Action.OpenUrl":
		address, _ := a["url"].(string)
		if !isOpenable(address) {
			c.addFault("Action.OpenUrl %q isn't an address", address)
		}
	case "Action.Submit":
		c.checkSubmit(a)
	case "Action.Execute":
		if c.dialog {
			c.addFault("a dialog has Action.Execute, which does nothing there")
		}
	case "Action.ToggleVisibility":
		if targets, _ := a["targetElements"].([]any); len(targets) == 0 {
			c.addFault("Action.ToggleVisibility without targets")
		}
	}
}

// isOpenable reports whether clients open an address.
func isOpenable(address string) bool {
	opens := func(prefix string) bool { return strings.HasPrefix(address, prefix) }
	return slices.ContainsFunc([]string{"https://", "http://", "mailto:"}, opens)
}

func (c *cardCheck) checkSubmit(a object) {
	data, _ := a["data"].(object)
	ms, ok := data["msteams"].(object)
	if !ok {
		return
	}
	kind, _ := ms["type"].(string)
	if !slices.Contains([]string{"task/fetch", "messageBack", "imBack", "signin", "invoke"}, kind) {
		c.addFault("Action.Submit with msteams type %q", kind)
	}
	if c.dialog {
		c.addFault("a dialog has Action.Submit with msteams type %q", kind)
	}
}

// checkFallback checks what an action is in clients that don't know Action.Execute.
func (c *cardCheck) checkFallback(a object) {
	if a["type"] != "Action.Execute" {
		return
	}
	switch fallback, ok := a["fallback"].(object); {
	case !ok:
		c.addFault("Action.Execute %v has no fallback for older clients", a["title"])
	case fallback["type"] != "Action.Submit":
		c.addFault("the fallback of Action.Execute %v is %v", a["title"], fallback["type"])
	}
}

// checkRefresh checks the card's automatic update.
func (c *cardCheck) checkRefresh(r object) {
	ids, _ := r["userIds"].([]any)
	if len(ids) > MostRefreshed {
		c.addFault("refresh.userIds has %d people, at most %d", len(ids), MostRefreshed)
	}
	for _, id := range ids {
		if text, _ := id.(string); !strings.HasPrefix(text, "29:") {
			c.addFault("refresh.userIds has %v, which is no 29: id", id)
		}
	}
}

// MostRefreshed is how many people see a card of their own.
// Source: "Universal Actions for Adaptive Cards: user specific views", read 2026-11.
const MostRefreshed = 60

// checkMentions checks msteams.entities against the texts.
func (c *cardCheck) checkMentions(card object) {
	ms, _ := card["msteams"].(object)
	known := map[string]bool{}
	for _, e := range list(ms["entities"]) {
		text, _ := e["text"].(string)
		who, _ := e["mentioned"].(object)
		id, _ := who["id"].(string)
		isInText := slices.ContainsFunc(c.texts, func(t string) bool { return strings.Contains(t, text) })
		switch {
		case len(Chips(text)) == 0 || !isInText:
			c.addFault("mention %q is not in the card's text", text)
		case c.known != nil && !c.known(id):
			c.addFault("mention of somebody who is not in the conversation: %s", id)
		}

		known[text] = true
	}

	for _, text := range c.texts {
		for _, tag := range Chips(text) {
			if !known[tag] {
				c.addFault("%s has no mention entity", tag)
			}
		}
	}
}
