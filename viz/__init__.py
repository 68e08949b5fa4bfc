"""Arrays and labels in, Plotly figures out. Nothing here knows Streamlit or PyTorch.

Every function returns a `plotly.graph_objects.Figure` whose `layout.meta["summary"]` describes the figure in words;
`viz.frame.summary(figure)` reads it. Show the figures with Streamlit's `theme=None`: they carry their own template.
"""
