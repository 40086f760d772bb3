package slackfake

import (
	"fmt"
	"slices"
	"strings"
)

// An element is an interactive part of a block: a button, a menu, a date picker, an input. This file validates
// elements as Slack's validator does. at is the JSON pointer of an element, such as "/blocks/0/elements/1".

// selectKinds returns the kinds of menus. Each also exists with the prefix "multi_".
func selectKinds() []string {
	return []string{"static_select", "external_select", "users_select", "conversations_select", "channels_select"}
}

// kindsInActions returns the kinds of elements that may be in an actions block, or beside the text of a section.
func kindsInActions() []string {
	kinds := []string{"button", "overflow", "datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons", "workflow_button"}
	for _, k := range selectKinds() {
		kinds = append(kinds, k, "multi_"+k)
	}
	return kinds
}

// kindsInInput returns the kinds of elements that may be in an input block.
func kindsInInput() []string {
	kinds := []string{
		"plain_text_input", "number_input", "email_text_input", "url_text_input", "rich_text_input", "file_input",
		"datepicker", "timepicker", "datetimepicker", "checkboxes", "radio_buttons",
	}
	for _, k := range selectKinds() {
		kinds = append(kinds, k, "multi_"+k)
	}
	return kinds
}

// checkElements checks the elements of a block, at most maxItems of the allowed kinds.
func (c *checker) checkElements(at string, b object, maxItems int, allowed []string) {
	for i, v := range c.checkList(at, b, "elements", maxItems) {
		p := fmt.Sprintf("%s/elements/%d", at, i)
		if e, ok := v.(object); ok {
			c.checkElement(p, e, allowed)
		} else {
			c.fail(p, "must provide an object")
		}
	}
}

// checkElement checks an element of one of the allowed kinds, and adds a missing action id. A section's image
// counts as an element here, too, but has no action id.
func (c *checker) checkElement(at string, e object, allowed []string) {
	kind, _ := e["type"].(string)
	if !slices.Contains(allowed, kind) {
		c.fail(at+"/type", "unsupported type: %s", kind)
		return
	}

	if kind == "image" {
		c.checkFields(at, e, "type "+elementFields()[kind])
		c.checkImage(at, e)
		return
	}

	c.checkFields(at, e, "type action_id "+elementFields()[kind])
	switch id := c.checkOptional(at, e, "action_id", maxIDRunes); {
	case id == "":
		e["action_id"] = c.newID()
	case c.actions[id]:
		c.fail(at+"/action_id", "`action_id`: %s already exists", id)
	default:
		c.actions[id] = true
	}

	if e["placeholder"] != nil {
		c.checkPlainText(at, e, "placeholder", maxHeaderRunes)
	}
	if e["confirm"] != nil {
		c.checkConfirm(at+"/confirm", e["confirm"])
	}

	if e["focus_on_load"] == true {
		c.focused++
		if c.focused > 1 {
			c.fail(at+"/focus_on_load", "only one element may have focus_on_load")
		}
	}

	c.checkKind(at, kind, e)
}

// checkKind checks the fields that only elements of one kind have.
func (c *checker) checkKind(at, kind string, e object) {
	switch strings.TrimPrefix(kind, "multi_") {
	case "button":
		c.checkButton(at, e)
	case "feedback_buttons":
		for _, key := range []string{"positive_button", "negative_button"} {
			c.checkFeedback(at, e, key)
		}
	case "icon_button":
		c.checkRequired(at, e, "icon", maxLabelRunes)
		c.checkPlainText(at, e, "text", maxLabelRunes)
		c.checkOptional(at, e, "value", maxValueRunes)
	case "static_select":
		c.checkStaticSelect(at, e)
	case "external_select":
		if e["initial_option"] != nil {
			c.checkOption(at+"/initial_option", e["initial_option"])
		}
	case "overflow":
		c.checkOptions(at, e, 5)
	case "checkboxes", "radio_buttons":
		c.checkOptions(at, e, 10)
	case "plain_text_input":
		c.checkTextInput(at, e)
	case "number_input":
		if _, ok := e["is_decimal_allowed"].(bool); !ok {
			c.fail(at, "missing required field: is_decimal_allowed")
		}
	}
}

func (c *checker) checkButton(at string, e object) {
	c.checkPlainText(at, e, "text", maxLabelRunes)
	c.checkOptional(at, e, "value", maxValueRunes)
	if e["url"] != nil {
		c.checkAddress(at, e, "url")
	}

	c.checkOptional(at, e, "accessibility_label", maxLabelRunes)
	if e["style"] != nil {
		c.checkOneOf(at, e, "style", "primary danger")
	}
}

func (c *checker) checkTextInput(at string, e object) {
	c.checkOptional(at, e, "initial_value", maxTextRunes)
	for _, key := range []string{"min_length", "max_length"} {
		n, isGiven := e[key].(float64)
		isInRange := n >= 0 && n <= maxTextRunes
		if isGiven && !isInRange {
			c.fail(at+"/"+key, "must be between 0 and 3000")
		}
	}
}

// checkStaticSelect checks a menu, whose options are listed directly or in groups.
func (c *checker) checkStaticSelect(at string, e object) {
	groups, ok := e["option_groups"].([]any)
	if !ok {
		c.checkOptions(at, e, 100)
		c.checkInitial(at, e)
		return
	}

	if e["options"] != nil {
		c.fail(at, "only one of options and option_groups is allowed")
	}

	c.checkList(at, e, "option_groups", 100)
	for i, v := range groups {
		p := fmt.Sprintf("%s/option_groups/%d", at, i)
		g, ok := v.(object)
		if !ok {
			c.fail(p, "must provide an object")
			continue
		}

		c.checkFields(p, g, "label options")
		c.checkPlainText(p, g, "label", maxLabelRunes)
		c.checkOptions(p, g, 100)
	}

	c.checkInitial(at, e)
}

// checkInitial checks that the value of initial_option is the value of one of the options.
func (c *checker) checkInitial(at string, e object) {
	initial, ok := e["initial_option"].(object)
	if !ok {
		return
	}
	c.checkOption(at+"/initial_option", initial)
	value, _ := initial["value"].(string)
	if findOption(e, value) == nil {
		c.fail(at+"/initial_option", "must be one of the provided options")
	}
}

// checkOptions checks the options of an element or group, of which there may be 1 to maxItems.
func (c *checker) checkOptions(at string, e object, maxItems int) {
	for i, o := range c.checkList(at, e, "options", maxItems) {
		c.checkOption(fmt.Sprintf("%s/options/%d", at, i), o)
	}
}

func (c *checker) checkOption(at string, v any) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}
	c.checkFields(at, o, "text value description url")
	c.checkText(at, o, "text", maxLabelRunes)
	c.checkRequired(at, o, "value", maxHeaderRunes)
	if o["description"] != nil {
		c.checkText(at, o, "description", maxLabelRunes)
	}
}

// checkConfirm checks the confirmation dialog of an element.
func (c *checker) checkConfirm(at string, v any) {
	o, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}
	c.checkFields(at, o, "title text confirm deny style")
	c.checkPlainText(at, o, "title", 100)
	c.checkText(at, o, "text", 300)
	for _, key := range []string{"confirm", "deny"} {
		if o[key] != nil {
			c.checkPlainText(at, o, key, maxConfirmRunes)
		}
	}
}

// findOption returns the option with the given value, listed directly in e or in a group, or nil.
func findOption(e object, value string) object {
	options, _ := e["options"].([]any)
	groups, _ := e["option_groups"].([]any)
	options = slices.Clone(options)
	for _, g := range groups {
		group, _ := g.(object)
		grouped, _ := group["options"].([]any)
		options = append(options, grouped...)
	}

	for _, v := range options {
		option, _ := v.(object)
		if option["value"] == value {
			return option
		}
	}

	return nil
}
