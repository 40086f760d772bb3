package graphfake

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// conversationPage is a page of the list of conversations.
type conversationPage struct {
	people []string // ids of the conversations, without what stands before them
	next   string   // addresses; "" means none
	prev   string
}

// listConversations reads a page of the Page's conversations by its address.
func (r *pageWorld) listConversations(t *testing.T, address string) conversationPage {
	t.Helper()
	status, answer := callOpenly(t, http.MethodGet, address, "", "")
	var list struct {
		Data   []struct{ ID string }
		Paging struct{ Next, Previous string }
	}
	if err := json.Unmarshal([]byte(answer), &list); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", address, status, answer, err)
	}
	page := conversationPage{next: list.Paging.Next, prev: list.Paging.Previous}
	for _, one := range list.Data {
		page.people = append(page.people, strings.TrimPrefix(one.ID, "t_"))
	}
	return page
}
