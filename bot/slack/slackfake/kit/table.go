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
