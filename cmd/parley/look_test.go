package main

import (
	"path/filepath"
	"strings"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// Without the right master key the doctor says that it can't examine the chats, and not that they have no credentials: these may be
// stored.
func TestDoctorWithoutTheKey(t *testing.T) {
	t.Parallel()
	base := folderForServer(t)
	url := storetest.Reused(t).Config().ConnString()
	with := func(key string) cli {
		return cli{t: t, data: filepath.Join(base, "data"), env: []string{"DATABASE_URL=" + url, "PARLEY_MASTER_KEY=" + key}}
	}
	file := filepath.Join(base, "parley.yaml")
	mustWriteFile(t, file, "teams: [{name: Support, slack_channel: C0SUPPORT}]")
	with(store.NewMasterKey()).mustRun("apply", "-f", file)

	report := with(store.NewMasterKey()).mustFail("doctor")

	wantText(t, report, "connection: it can't be examined without the master key")
	if strings.Contains(report, "no credentials are given") {
		t.Errorf("the doctor says that no credentials are given:\n%s", report)
	}
}
