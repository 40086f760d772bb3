package slackfake

import "fmt"

// This file validates table blocks as Slack's validator does. at is the JSON pointer of a block, as in
// Slack's error messages: "/blocks/0".

// Limits of tables. Source: docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11.
const (
	maxTableRows    = 100
	maxTableColumns = 20
)

// checkTable checks the rows, cells and columns of a table.
func (c *checker) checkTable(at string, b object) {
	for i, v := range c.checkList(at, b, "rows", maxTableRows) {
		c.checkRow(fmt.Sprintf("%s/rows/%d", at, i), v)
	}

	if b["column_settings"] == nil {
		return
	}

	for i, v := range c.checkList(at, b, "column_settings", maxTableColumns) {
		p := fmt.Sprintf("%s/column_settings/%d", at, i)
		if v == nil { // a column with default settings
			continue
		}

		column, ok := v.(object)
		if !ok {
			c.fail(p, "must provide an object")
			continue
		}

		c.checkFields(p, column, "align is_wrapped")
		if column["align"] != nil {
			c.checkOneOf(p, column, "align", "left center right")
		}
	}
}

// checkDataTable checks a table that people can page through, sort and filter. It has a header row and up to
// maxTableRows rows with the same number of cells.
// Source: docs.slack.dev/reference/block-kit/blocks/data-table-block, read 2026-11.
func (c *checker) checkDataTable(at string, b object) {
	c.checkRequired(at, b, "caption", maxTextRunes)
	if b["page_size"] != nil {
		size, isNumber := b["page_size"].(float64)
		isInRange := size >= 1 && size <= maxTableRows
		if !isNumber || !isInRange {
			c.fail(at+"/page_size", "must be between 1 and %d", maxTableRows)
		}
	}

	rows := c.checkList(at, b, "rows", 1+maxTableRows)
	if len(rows) == 1 {
		c.fail(at+"/rows", "must provide at least 2 items")
	}

	var headers []any
	for i, v := range rows {
		p := fmt.Sprintf("%s/rows/%d", at, i)
		c.checkRow(p, v)
		cells, _ := v.([]any)
		if i == 0 {
			headers = cells
		} else if len(cells) != len(headers) {
			c.fail(p, "must have as many cells as the first row")
		}
	}

	for i, v := range headers {
		cell, _ := v.(object)
		if cell["type"] == "rich_text" {
			c.fail(fmt.Sprintf("%s/rows/0/%d/type", at, i), "unsupported type: rich_text")
		}
	}
}

func (c *checker) checkRow(at string, v any) {
	cells, ok := v.([]any)
	switch {
	case !ok:
		c.fail(at, "must provide an array")
	case len(cells) == 0:
		c.fail(at, "must provide at least 1 items")
	case len(cells) > maxTableColumns:
		c.fail(at, "no more than %d items allowed", maxTableColumns)
	}

	for i, v := range cells {
		c.checkCell(fmt.Sprintf("%s/%d", at, i), v)
	}
}

func (c *checker) checkCell(at string, v any) {
	cell, ok := v.(object)
	if !ok {
		c.fail(at, "must provide an object")
		return
	}

	switch cell["type"] {
	case "raw_text":
		c.checkFields(at, cell, "type text")
		c.checkRequired(at, cell, "text", MaxMarkdown)
	case "raw_number":
		c.checkFields(at, cell, "type value text")
		if _, ok := cell["value"].(float64); !ok {
			c.fail(at+"/value", "must provide a number")
		}
	case "rich_text":
		c.checkFields(at, cell, "type block_id elements")
		c.checkRichText(at, cell)
	default:
		c.fail(at+"/type", "unsupported type: %v", cell["type"])
	}
}
