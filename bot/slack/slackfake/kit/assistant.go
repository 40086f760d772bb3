package kit

import "fmt"

// task checks a card that shows what an assistant does.
// Source: docs.slack.dev/reference/block-kit/blocks/task-card-block, read 2026-11.
func (c *checker) task(at string, b object) {
	c.required(at, b, "task_id", 255)
	c.required(at, b, "title", 3000)
	c.oneOf(at, b, "status", "pending in_progress complete error")
	for _, key := range []string{"details", "output"} {
		text, ok := b[key].(object)
		switch {
		case b[key] == nil:
		case !ok || text["type"] != "rich_text":
			c.fail(at+"/"+key+"/type", "unsupported type: %v", text["type"])
		default:
			c.known(at+"/"+key, text, "type block_id elements")
			c.richText(at+"/"+key, text)
		}
	}
	sources, _ := b["sources"].([]any)
	for i, v := range sources {
		p := fmt.Sprintf("%s/sources/%d", at, i)
		source, ok := v.(object)
		if !ok || source["type"] != "url" {
			c.fail(p+"/type", "unsupported type: %v", source["type"])
			continue
		}
		c.known(p, source, "type url text")
		c.address(p, source, "url")
		c.required(p, source, "text", 3000)
	}
}

// plan checks a list of such cards.
// Source: docs.slack.dev/reference/block-kit/blocks/plan-block, read 2026-11.
func (c *checker) plan(at string, b object) {
	c.required(at, b, "title", 3000)
	tasks, _ := b["tasks"].([]any)
	for i, v := range tasks {
		p := fmt.Sprintf("%s/tasks/%d", at, i)
		task, ok := v.(object)
		if !ok || task["type"] != "task_card" {
			c.fail(p+"/type", "unsupported type: %v", task["type"])
			continue
		}
		c.known(p, task, "type block_id "+blockFields()["task_card"])
		c.task(p, task)
	}
}

// feedback checks one of the two buttons with which people say how an answer was.
// Source: docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element, read 2026-11.
func (c *checker) feedback(at string, e object, key string) {
	button, ok := e[key].(object)
	if !ok {
		c.fail(at, "missing required field: %s", key)
		return
	}
	at += "/" + key
	c.known(at, button, "text accessibility_label value")
	c.text(at, button, "text", 75, true, true)
	c.required(at, button, "value", 2000)
	c.optional(at, button, "accessibility_label", 75)
}

// chooseFeedback returns what the app is told of the button with the value that a person picked.
func chooseFeedback(e object, picked []string) (object, error) {
	for _, key := range []string{"positive_button", "negative_button"} {
		if button, ok := e[key].(object); ok && len(picked) == 1 && button["value"] == picked[0] {
			return object{"text": button["text"], "value": button["value"]}, nil
		}
	}
	return nil, fmt.Errorf("no such button: %v", picked)
}
