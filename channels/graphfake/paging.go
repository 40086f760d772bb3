package graphfake

import (
	"encoding/base64"
	"maps"
	"net/url"
	"strconv"

	"parley/channels/graphfake/codes"
)

// defaultLimit is how many objects a page of a list has if a call doesn't say.
const defaultLimit = 25

// window is the part of a list that a call asks for: a page of it.
// Source: Graph API, "Paginated results".
type window struct {
	from, to, total int
	path            string // of the call, with the emulator's address
	query           url.Values
}

// readWindow returns the part that a call asks for, of a list with so many objects.
func (c *call) readWindow(total int) (window, *APIError) {
	q := c.req.Query
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 {
		limit = defaultLimit
	}

	w := window{total: total, path: c.api.host.URL() + c.req.Path, query: q}
	after, isAfter := readCursor(q.Get("after"))
	before, isBefore := readCursor(q.Get("before"))
	switch {
	case !isAfter || !isBefore:
		return w, &APIError{Code: codes.Invalid, Message: "Invalid cursors values were provided."}
	case q.Get("before") != "":
		w.to = min(before, total)
		w.from = max(w.to-limit, 0)
	default:
		w.from = min(after, total)
		w.to = min(w.from+limit, total)
	}

	return w, nil
}

// answer returns a page of a list. Pages that have none beside them are told by the lack of their addresses.
func (w window) answer(data []any) map[string]any {
	if len(data) == 0 {
		return map[string]any{"data": []any{}}
	}

	first, last := writeCursor(w.from), writeCursor(w.to)
	paging := map[string]any{"cursors": map[string]any{"before": first, "after": last}}
	if w.from > 0 {
		paging["previous"] = w.address("before", first)
	}
	if w.to < w.total {
		paging["next"] = w.address("after", last)
	}
	return map[string]any{"data": data, "paging": paging}
}

// address returns the address of the page beside this one.
func (w window) address(side, cursor string) string {
	q := maps.Clone(w.query)
	q.Del("after")
	q.Del("before")
	q.Set(side, cursor)
	return w.path + "?" + q.Encode()
}

// writeCursor returns the cursor of a place in a list: before the object with this number, counted from 0.
func writeCursor(place int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(place)))
}

// readCursor returns the place of a cursor; the first for "". ok is false for what is no cursor.
func readCursor(cursor string) (place int, ok bool) {
	if cursor == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	place, err = strconv.Atoi(string(raw))
	return place, err == nil && place >= 0
}
