package kit

import "fmt"

// Limits of tables. Source: docs.slack.dev/reference/block-kit/blocks/table-block, read 2026-11.
const (
	maxTableRows    = 100
	maxTableColumns = 20
)

// table checks the rows, cells and columns of a table.
func (c *checker) table(at string, b object) {
	for i, v := range c.list(at, b, "rows", maxTableRows) {
		c.row(fmt.Sprintf("%s/rows/%d", at, i), v)
	}
	if b["column_settings"] == nil {
		return
	}
	for i, v := range c.list(at, b, "column_settings", maxTableColumns) {
		p := fmt.Sprintf("%s/column_settings/%d", at, i)
		column, ok := v.(object)
		switch {
		case v == nil: // a column as it is without settings
		case !ok:
			c.fail(p, "must provide an object")
		default:
			c.known(p, column, "align is_wrapped")
			if column["align"] != nil {
				c.oneOf(p, column, "align", "left center right")
			}
		}
	}
}

// dataTable checks a table that people can turn over, sort and filter: a row of headers, and up to a hundred of the same
// width. Source: docs.slack.dev/reference/block-kit/blocks/data-table-block, read 2026-11.
func (c *checker) dataTable(at string, b object) {
	c.required(at, b, "caption", 3000)
	if size, ok := b["page_size"].(float64); b["page_size"] != nil && (!ok || size < 1 || size > maxTableRows) {
		c.fail(at+"/page_size", "must be between 1 and %d", maxTableRows)
	}
	rows := c.list(at, b, "rows", 1+maxTableRows)
	if len(rows) == 1 {
		c.fail(at+"/rows", "must provide at least 2 items")
	}
	var headers []any
	for i, v := range rows {
		p := fmt.Sprintf("%s/rows/%d", at, i)
		c.row(p, v)
		cells, _ := v.([]any)
		if i == 0 {
			headers = cells
		} else if len(cells) != len(headers) {
			c.fail(p, "must have as many cells as the first row")
		}
	}
	for i, v := range headers {
		if cell, ok := v.(object); ok && cell["type"] == "rich_text" {
			c.fail(fmt.Sprintf("%s/rows/0/%d/type", at, i), "unsupported type: rich_text")
		}
	}
}

// row checks the cells of one row.
func (c *checker) row(at string, v any) {
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
		p := fmt.Sprintf("%s/%d", at, i)
		cell, ok := v.(object)
		if !ok {
			c.fail(p, "must provide an object")
			continue
		}
		switch cell["type"] {
		case "raw_text":
			c.known(p, cell, "type text")
			c.required(p, cell, "text", MaxMarkdown)
		case "raw_number":
			c.known(p, cell, "type value text")
			if _, ok := cell["value"].(float64); !ok {
				c.fail(p+"/value", "must provide a number")
			}
		case "rich_text":
			c.known(p, cell, "type block_id elements")
			c.richText(p, cell)
		default:
			c.fail(p+"/type", "unsupported type: %v", cell["type"])
		}
	}
}
