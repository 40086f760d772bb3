package teamsfake_test

// postTwinButtons posts a card with two buttons of the same title. One is in its body, the other one in a card that a
// further button shows. Their data are n=1 and n=2.
func (w *world) postTwinButtons() (id string) {
	w.t.Helper()
	first := execute("More", "more", obj{"n": "1"})
	second := obj{"type": "Action.Submit", "title": "More", "data": obj{"n": "2"}}
	return w.postCard(withActions(
		card(textBlock("list"), obj{"type": "ActionSet", "actions": []obj{first}}),
		obj{"type": "Action.ShowCard", "title": "Sure?", "card": obj{"type": "AdaptiveCard", "actions": []obj{second}}},
	))
}
