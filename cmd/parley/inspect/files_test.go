package inspect_test

import (
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/cmd/parley/inspect"
	"parley/store"
	"parley/store/blob"
	"parley/store/objects"
	"parley/store/objects/s3fake"
)

// The doctor says whether the object store works, and whether what was moved there can be read.
func TestDoctorOfFiles(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	fake, endpoint, stop := s3fake.Start()
	defer stop()
	bucket, err := objects.New(objects.Options{Endpoint: endpoint, Bucket: fake.Bucket, Region: fake.Region, KeyID: fake.KeyID, SecretKey: fake.SecretKey})
	must(t, err)
	pool := configured(t, healthy, setup.Options{Specs: birds()})
	must(t, store.CheckMasterKey(ctx, pool, sealer(t, masterKey)))
	o := inspect.Options{Pool: pool, Sealer: sealer(t, masterKey), Specs: birds(), Surfaces: map[string]any{"slack": chat{{OK: true, What: "token", Text: "Works."}}}}
	look := func(what string, broken bool, words ...string) {
		t.Helper()
		report := inspect.Doctor(ctx, o)
		text := report.Text()
		if report.IsBroken() != broken {
			t.Errorf("%s: broken %v\n%s", what, report.IsBroken(), text)
		}
		for _, w := range words {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not said:\n%s", what, w, text)
			}
		}
		if strings.Contains(text, fake.SecretKey) {
			t.Errorf("%s: the secret is shown", what)
		}
	}
	o.Objects = bucket
	look("an empty bucket", false, "✓ object store: "+endpoint+"/acme-parley/ takes, gives and removes files")
	hash, err := blob.Put(ctx, pool, []byte("a mug"))
	must(t, err)
	must(t, blob.Move(ctx, pool, bucket, hash))
	look("a moved file", false, "✓ moved files: the youngest of them is there")
	o.Objects = nil
	look("no object store any more", true, "they can't be read", "S3_ENDPOINT")
	o.Objects = bucket
	fake.Lose()
	look("an emptied bucket", true, "✗ moved files: the youngest of them is missing")
	fake.Fail(s3fake.Fault{Method: s3fake.Put, Status: 403})
	look("no right to write", true, "✗ object store", "answered 403", "New files are safe")
}
