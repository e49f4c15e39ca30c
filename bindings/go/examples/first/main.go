// First makes a knowledge base with a document in it, tells what is there, and removes it again.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"example.invalid/difypool"
)

func main() {
	client, err := difypool.New(difypool.Options{
		BaseURL: os.Getenv("DIFY_URL"),
		APIKey:  os.Getenv("DIFY_KEY"),
		CAFile:  os.Getenv("DIFY_CA"), // only for a CA of your own
	})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := first(ctx, client); errors.Is(err, difypool.Unauthorized) {
		log.Fatal("DIFY_KEY is no key of this server: ", err)
	} else if err != nil {
		log.Fatal(err)
	}
}

func first(ctx context.Context, client *difypool.Client) error {
	reply, err := client.Datasets.Create(ctx, difypool.DatasetsCreateParams{Name: "difypool's first in Go"})
	if err != nil {
		return err
	}
	var base struct{ ID string }
	if err := reply.JSON(&base); err != nil {
		return err
	}
	_, err = client.Documents.CreateByText(ctx, difypool.DocumentsCreateByTextParams{
		DatasetID:         base.ID,
		Name:              "hello",
		Text:              "The text of a page.",
		IndexingTechnique: difypool.Ptr("economy"),
		ProcessRule:       difypool.Args{"mode": "automatic"},
	})
	if err != nil {
		return err
	}
	reply, err = client.Documents.List(ctx, difypool.DocumentsListParams{DatasetID: base.ID})
	if err != nil {
		return err
	}
	var list struct {
		Data []struct {
			Name           string
			IndexingStatus string `json:"indexing_status"`
		}
	}
	if err := reply.JSON(&list); err != nil {
		return err
	}
	for _, document := range list.Data {
		fmt.Println(document.Name, document.IndexingStatus)
	}
	_, err = client.Datasets.Delete(ctx, difypool.DatasetsDeleteParams{DatasetID: base.ID})
	return err
}
