package settings

import (
	"slices"
	"strings"

	"parley/bot/web"
	"parley/bridge/setup"
)

// The pages of the canned replies for all: texts with which agents begin a reply. entryPages implements them; this file configures it.

type cannedRow struct{ Keyword, Path, Topic, Text string }

func (p pages) cannedPages() entryPages {
	return entryPages{
		pages:    p,
		kind:     setup.EntryCanned,
		path:     "/settings/canned-replies",
		singular: "canned reply",
		title:    "Canned replies",
		template: "canned-replies",
		help: "Texts with which agents begin a reply: they read and edit it before they send it. These are for all; agents " +
			"write their own in the chats, by `!canned`.",
		takeOutHelp: "Nobody is offered it any more.",
		parts:       []fieldGroup{{paths: []string{"keyword", "topic", "text"}}},
		rows: func(v *web.Visit, s *listFilter, all []setup.Entry) (any, error) {
			list := ofKind(all, setup.EntryCanned)
			slices.SortStableFunc(list, func(a, b setup.Entry) int { return strings.Compare(a.Value("topic"), b.Value("topic")) })
			var rows []cannedRow
			for _, e := range pageOf(v, s, list) {
				rows = append(rows, cannedRow{e.Name, "/settings/canned-replies/" + pathOf(e.Name), e.Value("topic"), e.Value("text")})
			}
			return rows, nil
		},
		newName: func(v *web.Visit) string { return strings.TrimSpace(v.Value("keyword")) },
	}
}
