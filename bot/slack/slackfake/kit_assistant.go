package slackfake

import "fmt"

// This file validates the blocks that Slack has for AI assistants, as Slack's own validator does: task cards,
// plans and feedback buttons. at is the JSON pointer of a block, as in Slack's error messages: "/blocks/0".

// checkTask checks a task_card block, which shows one step of an assistant's work.
// Source: docs.slack.dev/reference/block-kit/blocks/task-card-block, read 2026-11.
func (c *checker) checkTask(at string, b object) {
	c.checkRequired(at, b, "task_id", maxIDRunes)
	c.checkRequired(at, b, "title", maxTextRunes)
	c.checkOneOf(at, b, "status", "pending in_progress complete error")
	for _, key := range []string{"details", "output"} {
		if b[key] == nil {
			continue
		}

		text, ok := b[key].(object)
		if !ok || text["type"] != "rich_text" {
			c.fail(at+"/"+key+"/type", "unsupported type: %v", text["type"])
			continue
		}

		c.checkFields(at+"/"+key, text, "type block_id elements")
		c.checkRichText(at+"/"+key, text)
	}

	sources, _ := b["sources"].([]any)
	for i, v := range sources {
		p := fmt.Sprintf("%s/sources/%d", at, i)
		source, ok := v.(object)
		if !ok || source["type"] != "url" {
			c.fail(p+"/type", "unsupported type: %v", source["type"])
			continue
		}

		c.checkFields(p, source, "type url text")
		c.checkAddress(p, source, "url")
		c.checkRequired(p, source, "text", maxTextRunes)
	}
}

// checkPlan checks a plan block, which is a list of task cards.
// Source: docs.slack.dev/reference/block-kit/blocks/plan-block, read 2026-11.
func (c *checker) checkPlan(at string, b object) {
	c.checkRequired(at, b, "title", maxTextRunes)
	tasks, _ := b["tasks"].([]any)
	for i, v := range tasks {
		p := fmt.Sprintf("%s/tasks/%d", at, i)
		task, ok := v.(object)
		if !ok || task["type"] != "task_card" {
			c.fail(p+"/type", "unsupported type: %v", task["type"])
			continue
		}
		c.checkFields(p, task, "type block_id "+blockFields()["task_card"])
		c.checkTask(p, task)
	}
}

// checkFeedback checks one of the two buttons of a feedback_buttons element. key is its field, such as
// "positive_button".
// Source: docs.slack.dev/reference/block-kit/block-elements/feedback-buttons-element, read 2026-11.
func (c *checker) checkFeedback(at string, element object, key string) {
	button, ok := element[key].(object)
	if !ok {
		c.fail(at, "missing required field: %s", key)
		return
	}
	at += "/" + key
	c.checkFields(at, button, "text accessibility_label value")
	c.checkPlainText(at, button, "text", maxLabelRunes)
	c.checkRequired(at, button, "value", maxValueRunes)
	c.checkOptional(at, button, "accessibility_label", maxLabelRunes)
}

// chooseFeedback returns what Slack reports to the app when a person clicks the button with the value picked[0].
func chooseFeedback(element object, picked []string) (object, error) {
	if len(picked) != 1 {
		return nil, fmt.Errorf("no such button: %v", picked)
	}
	for _, key := range []string{"positive_button", "negative_button"} {
		button, _ := element[key].(object)
		if button["value"] == picked[0] {
			return object{"text": button["text"], "value": button["value"]}, nil
		}
	}
	return nil, fmt.Errorf("no such button: %v", picked)
}
