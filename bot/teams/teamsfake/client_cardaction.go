package teamsfake

import (
	"slices"
	"strings"
)

// This file belongs to the fault finder for Adaptive Cards (card.go). It checks buttons, which the schema calls actions, and
// mentions of people. A card may mention somebody if its text has the tag "<at>Ann Lee</at>" and its msteams.entities say
// who that is. Each rule adds a fault that a test can print.

// maxActions is the number of actions that Teams shows in a row. Others must have mode "secondary", which puts them into a
// menu.
// Source: "Cards reference", read 2026-11.
const maxActions = 6

// checkRow checks the actions that form a row of buttons. path says where the row is in the card.
func (c *cardCheck) checkRow(row any, path string) {
	primary := 0
	for _, action := range list(row) {
		if mode, _ := action["mode"].(string); !strings.EqualFold(mode, "secondary") {
			primary++
		}
		if title, _ := action["title"].(string); title == "" {
			c.addFault("an action in %s has no title", path)
		}
		c.checkFallback(action)
	}
	if primary > maxActions {
		c.addFault("%s has %d actions, Teams shows %d", path, primary, maxActions)
	}
}

func (c *cardCheck) checkAction(action object, kind string) {
	switch kind {
	case "Action.OpenUrl":
		address, _ := action["url"].(string)
		if !isOpenable(address) {
			c.addFault("Action.OpenUrl %q isn't an address", address)
		}
	case "Action.Submit":
		c.checkSubmit(action)
	case "Action.Execute":
		if c.dialog {
			c.addFault("a dialog has Action.Execute, which does nothing there")
		}
	case "Action.ToggleVisibility":
		if targets, _ := action["targetElements"].([]any); len(targets) == 0 {
			c.addFault("Action.ToggleVisibility without targets")
		}
	}
}

// isOpenable reports whether clients open links to an address.
func isOpenable(address string) bool {
	opens := func(prefix string) bool { return strings.HasPrefix(address, prefix) }
	return slices.ContainsFunc([]string{"https://", "http://", "mailto:"}, opens)
}

// checkSubmit checks an Action.Submit whose data has instructions for Teams.
func (c *cardCheck) checkSubmit(action object) {
	data, _ := action["data"].(object)
	msteams, ok := data["msteams"].(object)
	if !ok {
		return
	}
	kind, _ := msteams["type"].(string)
	if !slices.Contains([]string{"task/fetch", "messageBack", "imBack", "signin", "invoke"}, kind) {
		c.addFault("Action.Submit with msteams type %q", kind)
	}
	if c.dialog {
		c.addFault("a dialog has Action.Submit with msteams type %q", kind)
	}
}

// checkFallback checks that an Action.Execute has an Action.Submit for clients that don't support it.
func (c *cardCheck) checkFallback(action object) {
	if action["type"] != "Action.Execute" {
		return
	}
	switch fallback, ok := action["fallback"].(object); {
	case !ok:
		c.addFault("Action.Execute %v has no fallback for older clients", action["title"])
	case fallback["type"] != "Action.Submit":
		c.addFault("the fallback of Action.Execute %v is %v", action["title"], fallback["type"])
	}
}

// checkMentions checks that each mention tag in the card's texts has an entity in msteams.entities, and the reverse.
func (c *cardCheck) checkMentions(card object) {
	msteams, _ := card["msteams"].(object)
	hasEntity := map[string]bool{} // by mention tag
	for _, entity := range list(msteams["entities"]) {
		tag, _ := entity["text"].(string)
		mentioned, _ := entity["mentioned"].(object)
		id, _ := mentioned["id"].(string)
		isInText := slices.ContainsFunc(c.texts, func(text string) bool { return strings.Contains(text, tag) })
		switch {
		case len(Chips(tag)) == 0 || !isInText:
			c.addFault("mention %q is not in the card's text", tag)
		case c.known != nil && !c.known(id):
			c.addFault("mention of somebody who is not in the conversation: %s", id)
		}

		hasEntity[tag] = true
	}

	for _, text := range c.texts {
		for _, tag := range Chips(text) {
			if !hasEntity[tag] {
				c.addFault("%s has no mention entity", tag)
			}
		}
	}
}
