package engine

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

func renameVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbRename, Deed: store.DeedRenamed},
		DoInTx: (*work).rename,
	}
}

// rename gives a customer another name on cards and in lists, here and in later conversations. Renaming to the customer's own name undoes
// that.
func (w *work) rename(ctx context.Context, tx pgx.Tx, r Request) error {
	c, agent := r.Conversation, r.Agent
	name := strings.Join(strings.Fields(r.Args.Note), " ")
	if name == "" || utf8.RuneCountInString(name) > bridge.LongestName {
		w.Refuse(r, "bad_name", fmt.Sprintf("A name has 1 to %d letters.", bridge.LongestName), "For example: !rename Ann of Berlin Lamps")
		return nil
	}

	kept := name
	if name == c.Customer().Name {
		kept = ""
	}
	if !c.SetTrait(bridge.TraitName, kept) {
		w.Unchanged(r)
		return nil
	}
	if err := w.callCustomer(ctx, tx, c, kept); err != nil {
		return err
	}

	w.Log.Did(r, Detail{Text: name})
	w.Line(c, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      w.Dir.Ref(r.Surface, agent.ID),
		Args:    bridge.Args{Conversation: c.ID, Note: name},
	})
	c.RefreshCard()
	return nil
}
