package operate_test

import (
	"strings"
	"testing"

	"parley/cmd/parley/operate"
	"parley/store/blob"
	"parley/store/objects/s3fake"
)

// objectStore is an object store of a healthy system, and what the doctor needs to examine both.
type objectStore struct {
	fake     *s3fake.Server
	endpoint string
	bucket   *blob.Bucket
	options  operate.Options
}

// startObjectStore starts an object store that is empty.
func startObjectStore(t *testing.T) objectStore {
	t.Helper()
	fake, endpoint, stop := s3fake.Start()
	t.Cleanup(stop)
	bucket := must(blob.NewBucket(blob.BucketOptions{
		Endpoint:  endpoint,
		Bucket:    fake.Bucket,
		Region:    fake.Region,
		KeyID:     fake.KeyID,
		SecretKey: fake.SecretKey,
	}))(t)
	o := newOptions(t)
	bindKey(t, o.Pool)
	o.Objects = bucket
	return objectStore{fake: fake, endpoint: endpoint, bucket: bucket, options: o}
}

// moveFile stores a file in the database and moves it to the object store.
func (s objectStore) moveFile(t *testing.T) {
	t.Helper()
	hash := must(blob.Put(t.Context(), s.options.Pool, []byte("a mug")))(t)
	inspectCheck(t, blob.Move(t.Context(), s.options.Pool, s.bucket, hash))
}

// examine returns the doctor's report. It checks that the secret of the object store isn't in it.
func (s objectStore) examine(t *testing.T) operate.InspectReport {
	t.Helper()
	report := operate.Doctor(t.Context(), s.options)
	if strings.Contains(report.Text(), s.fake.SecretKey) {
		t.Errorf("the report shows the secret:\n%s", report.Text())
	}
	return report
}

func TestDoctorOfLostFiles(t *testing.T) {
	t.Parallel()
	s := startObjectStore(t)
	s.moveFile(t)
	s.fake.Lose()

	report := s.examine(t)

	if !report.IsBroken() {
		t.Error("an object store that lost its files is called healthy")
	}
	checkHas(t, report, "✗ moved files: the youngest of them is missing")
}

func TestDoctorOfAnObjectStoreThatTakesNothing(t *testing.T) {
	t.Parallel()
	s := startObjectStore(t)
	s.fake.Fail(s3fake.Fault{Method: s3fake.Put, Status: 403})

	report := s.examine(t)

	if !report.IsBroken() {
		t.Error("an object store that takes no files is called healthy")
	}
	checkHas(t, report, "✗ object store", "answered 403", "New files are safe")
}
