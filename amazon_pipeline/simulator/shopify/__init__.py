"""Simulated Shopify stores over real HTTP: Shopify's Admin GraphQL API, for the demo and for tests.

Written from Shopify's schema and documentation alone, and importing nothing of the product, like the simulated seller.
"""
