"""What a call comes to when something goes wrong: every knowledge operation under every fault, and a crawl in a storm."""
