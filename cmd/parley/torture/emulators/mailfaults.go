package emulators

import (
	"context"
	"net/http"

	"parley/channels/email/mailfake"
)

// mailFaults returns the faults of IMAP and SMTP. They occur by chance until ClearFaults.
func mailFaults() []mailfake.Fault {
	const often, seldom = 0.04, 0.02
	return []mailfake.Fault{
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom, Bytes: 100},
		{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: seldom},
		{Op: mailfake.OpFETCH, Action: mailfake.ActionCut, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSELECT, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpSEARCH, Action: mailfake.ActionDropBefore, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpIDLE, Action: mailfake.ActionBye, Times: mailfake.Forever, Probability: often},
		{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropAfter, Times: mailfake.Forever, Probability: often},
	}
}

// ArmFaults arms the faults of all providers.
func ArmFaults(ctx context.Context, w Client) error {
	if err := w.Platform().armFaults(ctx); err != nil {
		return err
	}

	for _, f := range mailFaults() {
		if err := w.mailFault(ctx, f); err != nil {
			return err
		}
	}

	for _, path := range w.optionalFaultPaths() {
		if err := w.Call(ctx, http.MethodPost, w.Mail+path, nil, nil); err != nil {
			return err
		}
	}

	return nil
}
