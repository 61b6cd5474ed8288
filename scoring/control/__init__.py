"""What does the model miss? Some leads below the bar are handed off by lot: docs/experiments.md.

draw      leads that reached their day are drawn or not; the drawn are offered to sales
estimate  what sales said of the drawn, weighed up to all
"""
