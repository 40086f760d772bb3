package webcall

import (
	"encoding/base64"
	"encoding/json"
	"sort"
	"strconv"
	"strings"

	"parley/bot/slack/slackfake/workspace"
)

// Window is the part of a message list that was asked for.
type Window struct {
	Oldest, Latest int64
	inclusive      bool
	Limit, Skip    int
	full           bool // metadata with payload
}

// Window reads which messages a call asks for.
func (c *Call) Window(standard, most int) (Window, *workspace.Refusal) {
	w := Window{inclusive: c.Flag("inclusive"), Limit: standard, Latest: 1 << 62, full: c.Flag("include_all_metadata")}
	if v := c.Str("oldest"); v != "" {
		us, ok := workspace.ParseTS(v)
		if !ok {
			return w, workspace.Refuse("invalid_ts_oldest")
		}
		w.Oldest = us
	}

	latest := c.Str("latest")
	if latest != "" && latest != "now" {
		us, ok := workspace.ParseTS(latest)
		if !ok {
			return w, workspace.Refuse("invalid_ts_latest")
		}
		w.Latest = us
	}

	limit, skip, err := c.Page(standard, most)
	w.Limit = limit
	w.Skip = skip
	return w, err
}

// Page reads limit and cursor. Cursors are opaque text over an offset or a time stamp.
func (c *Call) Page(standard, most int) (limit, skip int, err *workspace.Refusal) {
	limit = standard
	if v := c.Str("limit"); v != "" {
		n, e := strconv.Atoi(v)
		if e != nil || n < 0 {
			return 0, 0, workspace.Refuse("invalid_limit")
		}
		if n > 0 {
			limit = min(n, most)
		}
	}

	if v := c.Str("cursor"); v != "" {
		b, e := base64.StdEncoding.DecodeString(v)
		n, e2 := strconv.Atoi(strings.TrimPrefix(string(b), "next:"))
		isNumber := e == nil && e2 == nil
		if !isNumber || n < 0 {
			return 0, 0, workspace.Refuse("invalid_cursor")
		}

		skip = n
	}

	return limit, skip, nil
}

// Items of a page, of methods whose documentation names no others.
const (
	standardPage = 100
	maxPage      = 1000
)

// PageOf cuts the page that a call asks for by limit and cursor. next is where the page behind it begins; 0 means that there is
// none.
func PageOf[T any](c *Call, all []T) (page []T, next int, err *workspace.Refusal) {
	limit, skip, err := c.Page(standardPage, maxPage)
	if err != nil {
		return nil, 0, err
	}
	skip = min(skip, len(all))
	end := min(skip+limit, len(all))
	if end < len(all) {
		next = end
	}
	return all[skip:end], next, nil
}

// NextCursor names the page that begins at n; there is none after 0.
func NextCursor(n int) Reply {
	v := ""
	if n > 0 {
		v = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(n)))
	}
	return Reply{"next_cursor": v}
}

// Holds reports whether a message lies in the window.
func (w Window) Holds(m *workspace.Message) bool {
	us := m.Micros()
	if w.inclusive {
		return us >= w.Oldest && us <= w.Latest
	}
	return us > w.Oldest && us < w.Latest
}

// Show copies a message as the call wants it.
func (w Window) Show(m *workspace.Message) *workspace.Message {
	n := m.Clone()
	if n.Metadata != nil && !w.full {
		n.Metadata = &workspace.Metadata{EventType: n.Metadata.EventType}
	}
	return n
}

// From finds the first reply that a page may start with.
func From(list []*workspace.Message, w Window) int {
	return sort.Search(len(list), func(i int) bool {
		us := list[i].Micros()
		return us >= w.Oldest && us > int64(w.Skip)
	})
}

// List encodes ids for arguments that accept a JSON array or a comma list.
func List(v string) []string {
	var list []string
	if json.Unmarshal([]byte(v), &list) == nil {
		return list
	}
	for p := range strings.SplitSeq(v, ",") {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return list
}
