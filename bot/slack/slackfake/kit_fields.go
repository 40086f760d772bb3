package slackfake

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Slack rejects a block or element with a JSON field that its kind doesn't have. The tables in this file list
// the allowed fields as names separated by spaces, and the functions check them. at is the JSON pointer of
// the object that is checked, as in Slack's error messages: "/blocks/0".

// onlyOnMessages lists the kinds of blocks that are not allowed in modals and home tabs.
func onlyOnMessages() []string {
	return []string{"markdown", "table", "data_table", "context_actions", "task_card", "plan"}
}

// blockFields lists the fields of each kind of block, except type and block_id.
// Source: docs.slack.dev/reference/block-kit/blocks; the types of npm @slack/types 3.2.0; both read 2026-11.
func blockFields() map[string]string {
	return map[string]string{
		"section": "text fields accessory expand", "header": "text", "divider": "", "image": "image_url alt_text title slack_file",
		"actions": "elements", "context": "elements", "input": "label hint optional element dispatch_action", "rich_text": "elements",
		"markdown": "text", "table": "rows column_settings", "data_table": "rows caption page_size row_header_column_index",
		"context_actions": "elements", "task_card": "task_id title details output sources status", "plan": "title tasks",
		"video": "video_url thumbnail_url alt_text title title_url author_name provider_name provider_icon_url description",
	}
}

// elementFields lists the fields of each kind of element, except type and action_id.
// Source: docs.slack.dev/reference/block-kit/block-elements; the types of npm @slack/types 3.2.0; both read
// 2026-11.
func elementFields() map[string]string {
	const input, menu, several = " focus_on_load placeholder", " confirm focus_on_load placeholder", " max_selected_items"
	typed := "initial_value dispatch_action_config" + input
	return map[string]string{
		"button":                     "text value url style accessibility_label confirm",
		"workflow_button":            "text workflow style accessibility_label confirm",
		"image":                      "image_url alt_text slack_file",
		"overflow":                   "options confirm",
		"datepicker":                 "initial_date" + menu,
		"timepicker":                 "initial_time timezone" + menu,
		"datetimepicker":             "initial_date_time confirm focus_on_load",
		"checkboxes":                 "initial_options options confirm focus_on_load",
		"radio_buttons":              "initial_option options confirm focus_on_load",
		"plain_text_input":           "multiline min_length max_length " + typed,
		"email_text_input":           typed,
		"url_text_input":             typed,
		"number_input":               "is_decimal_allowed min_value max_value " + typed,
		"rich_text_input":            "min_lines max_lines " + typed,
		"file_input":                 "filetypes max_files",
		"feedback_buttons":           "positive_button negative_button",
		"icon_button":                "icon text accessibility_label value visible_to_user_ids confirm",
		"static_select":              "initial_option options option_groups" + menu,
		"multi_static_select":        "initial_options options option_groups" + menu + several,
		"external_select":            "initial_option min_query_length" + menu,
		"multi_external_select":      "initial_options min_query_length" + menu + several,
		"users_select":               "initial_user" + menu,
		"multi_users_select":         "initial_users" + menu + several,
		"channels_select":            "initial_channel response_url_enabled" + menu,
		"multi_channels_select":      "initial_channels" + menu + several,
		"conversations_select":       "initial_conversation default_to_current_conversation filter response_url_enabled" + menu,
		"multi_conversations_select": "initial_conversations default_to_current_conversation filter" + menu + several,
	}
}

// CheckView returns an error message for each field of a modal or home tab that Slack doesn't know.
func CheckView(raw json.RawMessage) (faults []string) {
	var view object
	if json.Unmarshal(raw, &view) != nil {
		return nil
	}
	c := &checker{}
	c.checkFields("/view", view, "type title blocks close submit private_metadata callback_id clear_on_close notify_on_close external_id")
	return c.errs
}

// checkFields reports the keys of an object that aren't in fields. The messages of this and the following
// checks are those of Slack's validator. Source: github.com/slackhq/hack-json-schema, read 2026-11.
func (c *checker) checkFields(at string, o object, fields string) {
	allowed := strings.Fields(fields)
	for _, key := range slices.Sorted(maps.Keys(o)) {
		if !slices.Contains(allowed, key) {
			c.fail(at, "invalid additional property: %s", key)
		}
	}
}

// checkOneOf checks that a field contains one of the words, which are separated by spaces.
func (c *checker) checkOneOf(at string, o object, key, words string) {
	if o[key] == nil {
		c.fail(at, "missing required field: %s", key)
		return
	}
	word, ok := o[key].(string)
	if !ok || !slices.Contains(strings.Fields(words), word) {
		c.fail(at+"/"+key, "must be a valid enum value")
	}
}

// checkList returns the items of an array field, which must have 1 to maxItems items.
func (c *checker) checkList(at string, o object, key string, maxItems int) []any {
	items, ok := o[key].([]any)
	switch {
	case o[key] == nil:
		c.fail(at, "missing required field: %s", key)
	case !ok:
		c.fail(at+"/"+key, "must provide an array")
	case len(items) == 0:
		c.fail(at+"/"+key, "must provide at least 1 items")
	case len(items) > maxItems:
		c.fail(at+"/"+key, "no more than %d items allowed", maxItems)
	}
	return items
}

// checkAddress checks that a field contains a URL with a scheme, such as https://example.org/.
func (c *checker) checkAddress(at string, o object, key string) {
	text := c.checkRequired(at, o, key, maxTextRunes)
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host+u.Opaque == "" {
		c.fail(at+"/"+key, "invalid url")
	}
}
