for (const block of document.querySelectorAll("script[data-chart]")) {
  const figure = JSON.parse(block.textContent);
  const options = { responsive: true, displayModeBar: false, displaylogo: false, scrollZoom: false };
  Plotly.newPlot(block.dataset.chart, figure.data, figure.layout, options);
}
