"""A fresh process that makes one call and ends: `first_answer.py requests|client BASE_URL CA KEY DATASET`."""

import sys

way, base_url, ca, key, dataset = sys.argv[1:]
if way == "requests":
    import requests

    answer = requests.get(f"{base_url}/datasets/{dataset}/metadata", headers={"Authorization": f"Bearer {key}"}, verify=ca)
    sys.exit(answer.status_code != 200)
else:
    import difypool

    reply = difypool.Client(base_url=base_url, api_key=key, ca_file=ca).call("metadata.list", dataset_id=dataset)
    sys.exit(reply.status != 200)
